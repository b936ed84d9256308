"""The checks of a challenge, a plan with which a lander lands: 12 bonus points."""

from functools import cache

import pytest

from grading.cases import FunctionCase
from grading.checks import CheckFailed, check
from grading.learning.landing import (
    NEEDED,
    calibration,
    flights,
    out_of_range,
    plan_facts,
    plan_of,
    stated_error,
)
from grading.messages import Message
from grading.player import Player
from grading.trials import FunctionTrials
from lesson.lander import BUDGET, LANDS, LAST, MISSING, Plan, can_fly, problems

EXERCISE = "challenges/lunar_lander"
PLAN = f"{EXERCISE}/plan"
POSSIBLE = f"{EXERCISE}/possible"
LANDED = f"{EXERCISE}/lands"
READ = "challenge-leave-cartpole"


@pytest.fixture
def trials(player: Player, case_seed: int) -> FunctionTrials:  # noqa: ARG001 - there is one case
    return FunctionTrials(player, EXERCISE, "choose_plan", evidence, READ, plan_facts)


@cache
def asked() -> FunctionCase:
    return FunctionCase("choose_plan()", ())


def evidence() -> list[FunctionCase]:
    """What mistakes are known by."""
    return [asked()]


@check(PLAN, points=1, bonus=True, beside=[[LANDED]])
def test_it_returns_a_plan(trials: FunctionTrials) -> None:
    """It returns a plan that can be trained."""
    require_plan(trials)


def require_plan(trials: FunctionTrials) -> Plan:
    outcome = trials.outcome(asked())
    plan = plan_of(outcome)
    wrong = problems(plan) if isinstance(plan, Plan) else {}
    if isinstance(plan, Plan) and not wrong:
        return plan
    words = ", ".join(f"{name} {what}" for name, what in wrong.items()) or plan
    numbers = ", ".join(f"{name}={getattr(plan, name)}" for name in wrong)
    raise CheckFailed(
        Message(
            f"this is no plan: {words}.",
            got=numbers or f"it returned {outcome.returned}",
            expected="Plan(actor_lr=…, critic_lr=…, hidden_dim=…, episodes=…, …)",
            think="which of the fields is a rate, which a whole number, which a yes or no?",
            case=asked().description,
            read=READ,
        )
    )


@check(POSSIBLE, points=1, bonus=True, needs=[PLAN], beside=[[LANDED]])
def test_each_number_is_one_with_which_a_run_has_landed(trials: FunctionTrials) -> None:
    """Each number is one with which landing is not out of the question."""
    require_possible(require_plan(trials))


def require_possible(plan: Plan) -> None:
    wrong = out_of_range(plan)
    if not wrong:
        return
    name, how = next(iter(wrong.items()))
    low, high = calibration()["limits"][name]
    raise CheckFailed(
        Message(
            f"{name} is {how}: with such a number no run has ever landed.",
            got=f"{name}={getattr(plan, name):g}",
            expected=f"more than {low:g}" if how == "too small" else f"less than {high:g}",
            think="what does an update do to a policy if this number is ten times as large?",
            case="runs of a plan that lands, with this number changed",
            read=READ,
        )
    )


@pytest.mark.learning
@check(LANDED, points=10, bonus=True, needs=[PLAN, POSSIBLE], time_limit=900)
def test_its_runs_land(trials: FunctionTrials, case_seed: int, remarks: list[str]) -> None:
    """Trained within the budget of steps, three of at most six runs land."""
    plan = require_plan(trials)
    require_possible(plan)
    if not can_fly():
        raise CheckFailed(MISSING, status="not_attempted")
    flown = list(flights(plan, case_seed))
    ends = [end for flight in flown for end in flight.ends]
    landed = sum(flight.landed for flight in flown)
    shown = ", ".join(f"{end:.0f}" for end in ends)
    if landed < NEEDED:
        raise CheckFailed(
            Message(
                f"{landed} of {len(ends)} runs land, which is not often enough.",
                got=f"mean returns of the last {LAST} episodes: {shown}",
                expected=f"{NEEDED} of at least {LANDS:g}",
                think="do they learn too slowly, or do they get worse again? look at the curves "
                "of python -m lesson land",
                case=f"{BUDGET:,} steps a run",
                read=READ,
            )
        )
    remarks += [
        f"{landed} of {len(ends)} runs land; mean returns of the last {LAST} episodes: {shown}.",
        f"Error: {stated_error()}.",
    ]
