"""The steps of a bug hunt, by names that nobody who hunts may know.

Faulty ones are made of the bank's mistakes in `actor_critic_step`, a few for each place in which
ordinary calls show a fault; honest ones are the reference and the bank's variants.
"""

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from grading.cases import HuntCase, StepCase, generator, random_episode, random_networks
from grading.oracle import expected_step, reference_function
from grading.outcome import Raised, StepCall, StepOutcome
from grading.probes.step import probe_step
from grading.solution import ROOT, Solution, has_reference
from lesson.faulty_steps import EXAMPLES

STEP = "actor_critic_step"
REFERENCE, EXAMPLE, MISTAKE, VARIANT = "reference", "example", "mistake", "variant"
VARIANTS = ROOT / "grading" / "bank" / "variants"
VISIBLE = 0.01
"""A relative difference in a loss or in a network's change that a test can be expected to see."""
OF_EACH = 8
"""Faulty steps for each place, so that none counts for most."""
COMMON = (
    "sign_lost",
    "actor_loss_averaged",
    "advantages_without_baseline",
    "advantages_normalised[1e-08]",
    "advantages_with_graph",
    "returns_undiscounted",
    "returns_are_rewards",
)
"""Always among them: who makes one of these in the update expects it in that of others, too."""
LOSSES, NETWORKS = ("the actor loss", "the critic loss"), ("the actor", "the critic")
RETURNED, SECOND_CALL = "what they return", "a second call"

Step = Callable[..., Any]


def have_hidden_steps() -> bool:
    """Whether there is a bank here, and a reference: a student's copy has neither."""
    return has_reference() and importlib.util.find_spec("grading.bank") is not None


def public_steps() -> tuple[str, ...]:
    """The lesson's faulty examples."""
    return tuple(f"{EXAMPLE}/{name}" for name in EXAMPLES)


def is_public(case: object) -> bool:
    """Whether a case can be played in a student's copy: none but a hunt needs what is hidden."""
    return not isinstance(case, HuntCase) or set(case.steps) <= set(public_steps())


@cache
def honest_steps() -> tuple[str, ...]:
    """The reference and its variants."""
    names = sorted(path.stem for path in (VARIANTS / STEP).glob("*.py"))
    return (REFERENCE, *(f"{VARIANT}/{name}" for name in names))


@cache
def faulty_steps() -> tuple[str, ...]:
    """Some for each place in which a fault shows."""
    chosen = []
    for names in _by_place().values():
        some = [name for name in names if name in common_steps()]
        others = [name for name in names if name not in some]
        few = min(len(others), OF_EACH - len(some))
        chosen += some + [others[i * len(others) // few] for i in range(few)]
    return tuple(chosen)


def common_steps() -> tuple[str, ...]:
    """The faulty ones that whoever tests may take for right."""
    return tuple(f"{MISTAKE}/{name}" for name in COMMON)


def place_of(name: str) -> str:
    """Where a hidden faulty step shows its fault, in words."""
    return next(place for place, names in _by_place().items() if name in names)


def is_honest(name: str) -> bool:
    """Whether the step of this name has to be accepted."""
    return name == REFERENCE or name.startswith(f"{VARIANT}/")


def step_named(name: str) -> Step:
    """The step of this name. Raises KeyError and RuntimeError if there is none."""
    kind, _, which = name.partition("/")
    if kind == REFERENCE:
        return reference_function(STEP, STEP)
    if kind == EXAMPLE:
        return EXAMPLES[which]
    if kind == MISTAKE:
        step: Step = _pipeline().build([_pipeline().form(which)])
        return step
    found = _variants().function(f"{STEP}/{which}", STEP)
    if isinstance(found, Raised):
        raise RuntimeError(f"the variant {which} cannot be loaded: {found.cause}")  # noqa: TRY004
    return found


@cache
def _by_place() -> dict[str, list[str]]:
    """The names of faulty steps, one for each mistake and way to make it, by place."""
    found: dict[str, list[str]] = {}
    known = set()
    for form in _pipeline().forms():
        name = f"{MISTAKE}/{form.name}"
        if form.function not in known and (place := _place(step_named(name))):
            known.add(form.function)
            found.setdefault(place, []).append(name)
    return found


def _place(step: Step) -> str:
    """Where ordinary calls tell a step from the reference; empty if they do not agree on it."""
    solution = _bank().FaultySolution(step)
    places = [
        _place_in(probe_step(solution, case, "cpu", STEP, STEP), expected_step(case, STEP, STEP))
        for case in _ordinary()
    ]
    return places[0] if len(set(places)) == 1 else ""


def _place_in(got: StepOutcome, expected: StepOutcome) -> str:
    if got.raised is not None:
        return "the exception that they raise"
    first, second = map(_parts_apart, got.calls, expected.calls)
    if not first:
        return SECOND_CALL if second else ""
    networks = _both(NETWORKS, first, "both networks")
    if RETURNED in first or not networks:
        return RETURNED
    losses = _both(LOSSES, first, "both losses")
    return f"{losses} and {networks}" if losses else f"{networks} only"


def _both(names: tuple[str, str], of: set[str], together: str) -> str:
    """Those of two names that are in a set, in words."""
    found = [name for name in names if name in of]
    return together if len(found) == 2 else "".join(found)


@cache
def _ordinary() -> tuple[StepCase, ...]:
    """Plays of two episodes in a row, with SGD."""
    rng = generator(0, "ordinary calls")
    cases = []
    for _ in range(3):
        networks = random_networks(rng)
        rewards = ([1.0, -2.0, 3.0, 0.5, -1.0, 2.0, 4.0], [2.0, 1.0, -1.5, 4.0, 3.0])
        episodes = tuple(random_episode(rng, networks, some) for some in rewards)
        cases.append(StepCase("two calls in a row", networks, episodes))
    return tuple(cases)


def _parts_apart(got: StepCall, expected: StepCall) -> set[str]:
    if got.types != expected.types:
        return {RETURNED}
    apart = {
        name
        for name, mine, right in zip(LOSSES, got.losses, expected.losses, strict=True)
        if _apart(np.array(mine, float), np.array(right, float))
    }
    return apart | {
        name
        for name, which in zip(NETWORKS, ("actor", "critic"), strict=True)
        if _apart(_flat(got.delta(which)), _flat(expected.delta(which)))
    }


def _apart(one: np.ndarray, two: np.ndarray) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return not np.linalg.norm(one - two) <= VISIBLE * np.linalg.norm(two)


def _flat(arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])


def _bank() -> Any:
    return importlib.import_module("grading.bank.pipeline")


def _pipeline() -> Any:
    return _bank().pipelines()[STEP]


@cache
def _variants() -> Solution:
    return Solution(VARIANTS, package="variants")
