"""The rule that judges a plan for LunarLander, and what a calibration measured of it.

Runs are trained three at a time. A plan passes as soon as `NEEDED` of them have landed, and fails
as soon as the runs that are left could not make up for those that have not. With independent runs
that land with probability p, a plan fails with the probability that a Binomial(RUNS, p) is below
`NEEDED`; a lower bound of p, counted on many runs, makes an upper bound of that.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from grading.binomial import tail_at_most
from grading.evidence import RAISED, Facts, Said, function_facts
from grading.outcome import FunctionOutcome
from lesson.lander import Flight, Plan, fly, problems

FILE = Path(__file__).with_name("lunar_lander.json")
RUNS, AT_ONCE, NEEDED = 6, 3, 3
WHOLE, YES_OR_NO = ("hidden_dim", "episodes"), ("shared",)


def fails(lands: float) -> float:
    """The probability that a plan fails whose runs land with probability `lands`."""
    return tail_at_most(NEEDED - 1, RUNS, lands) if lands < 1 else 0.0


def flights(plan: Plan, seed: int) -> Iterator[Flight]:
    """Some runs after the other, as many as the rule asks for."""
    seeds = np.random.SeedSequence(seed).generate_state(RUNS // AT_ONCE)
    landed = 0
    for number, own in enumerate(seeds, 1):
        flight, _ = fly(plan, AT_ONCE, int(own))
        yield flight
        landed += flight.landed
        if landed >= NEEDED or landed + RUNS - number * AT_ONCE < NEEDED:
            return


def plan_of(outcome: FunctionOutcome) -> Plan | str:
    """The plan that a solution returned, its fields maybe wrong; in words, why it is none."""
    numbers, fields = outcome.numbers, Plan._fields
    required = len(fields) - len(Plan._field_defaults)
    if not outcome.returned.startswith(("a tuple", "a list")):
        return f"what was returned is {outcome.returned}"
    if not required <= len(outcome.types) <= len(fields):
        return f"it has {len(outcome.types)} fields, not {required} to {len(fields)}"
    if numbers is None or len(numbers) != len(outcome.types):
        return "something that is no number is in it"
    kinds = dict.fromkeys(WHOLE, ("int",)) | dict.fromkeys(YES_OR_NO, ("bool",))
    values: list[Any] = [
        _of_kind(value, type_, kinds.get(name, ("float", "int")))
        for name, type_, value in zip(fields, outcome.types, numbers.tolist(), strict=False)
    ]
    return Plan(*values)


def _of_kind(value: float, type_: str, kinds: tuple[str, ...]) -> Any:
    """The number as its field has it; in words where it is of another kind: `problems` says so."""
    if not type_.startswith(kinds):
        return type_
    return {"int": int, "bool": bool}.get(kinds[0], float)(value)


@cache
def calibration() -> dict[str, Any]:
    """What the last calibration measured; see `grading.calibration.lander`."""
    data: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return data


def out_of_range(plan: Plan) -> dict[str, str]:
    """The numbers of a plan with which no run ever landed: "too small" or "too large"."""
    idle = "critic_lr" if plan.shared is True else "value_coefficient"
    found = {}
    for name, (low, high) in calibration()["limits"].items():
        value = getattr(plan, name)
        if name == idle or name in problems(plan):
            continue
        if low is not None and value <= low:
            found[name] = "too small"
        elif high is not None and value >= high:
            found[name] = "too large"
    return found


def plan_facts(outcome: FunctionOutcome) -> Facts:
    """What is known of a plan: what is wrong with it, and which numbers are out of range."""
    raised = {RAISED: function_facts(outcome)[RAISED]}
    plan = plan_of(outcome)
    if isinstance(plan, str):
        return {**raised, "plan": Said(plan)}
    wrong = out_of_range(plan) | problems(plan)
    return {**raised, **{name: Said(wrong.get(name, "fine")) for name in Plan._fields}}


def stated_error() -> str:
    """The probability that the reference's plan fails, in words, with how it was obtained."""
    found = calibration()["reference"]
    return (
        f"a plan as good as the reference's fails with a probability below "
        f"{found['fails_below']:.1e} by counting (95% bound: {found['landed']} of {found['runs']} "
        "runs of the reference landed)"
    )
