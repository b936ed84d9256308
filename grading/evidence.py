"""Evidence: an outcome as named facts, so that two outcomes can be compared fact by fact.

Only what a mistake can be known by is in it: how a function is written leaves no fact behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np

from grading.binomial import acceptance
from grading.cases import CollectCase, Group, StepCase
from grading.compare import GRADIENT_TOLERANCE, LOSS_TOLERANCE, loss_scale
from grading.outcome import (
    CollectOutcome,
    FunctionOutcome,
    ModelOutcome,
    Raised,
    StepCall,
    StepOutcome,
    reseeded,
)

RAISED = "raised"
"""The one fact that every outcome has: what an exception left undone is not seen."""
DIRECTIONS = 8
"""Of a sketch."""
IMPLAUSIBLE = 1e-4
"""How often counts of true draws from a candidate's probabilities are not believed to be such."""


class Fact(Protocol):
    """Something that was seen."""

    def agrees(self, other: "Fact | None") -> bool:
        """Whether two sightings are one and the same, up to rounding."""


Facts = Mapping[str, Fact]


def agree(some: Facts, others: Facts) -> bool:
    """Whether each of some facts is among the others too."""
    return all(fact.agrees(others.get(name)) for name, fact in some.items())


@dataclass(frozen=True)
class Said:
    """Words, names or counts: equal or not."""

    what: object

    def agrees(self, other: Fact | None) -> bool:
        """Equal."""
        return isinstance(other, Unknown) or (isinstance(other, Said) and self.what == other.what)


@dataclass(frozen=True, eq=False)
class Measured:
    """Numbers, of any shape; NaN is a number like any other here."""

    values: np.ndarray
    tolerance: float
    """Relative to the length of the vector of all values."""
    rounding: float = 1e-6
    """Absolute."""
    each: bool = False
    """The tolerance is relative to each number instead."""

    @cached_property
    def sketch(self) -> "Sketch | None":
        """These numbers in few."""
        return Sketch.of(self)

    def agrees(self, other: Fact | None) -> bool:
        """The same numbers up to the tolerance, infinities and NaNs in the same places."""
        if isinstance(other, (Sketch, Unknown)):
            return other.agrees(self)
        if not isinstance(other, Measured) or self.values.shape != other.values.shape:
            return False
        mine, theirs = self.values, other.values
        usual = np.isfinite(mine)
        if not np.array_equal(usual, np.isfinite(theirs)):
            return False
        if not np.array_equal(mine[~usual], theirs[~usual], equal_nan=True):
            return False
        mine, theirs = mine[usual], theirs[usual]
        if self.each:
            return bool(np.allclose(mine, theirs, self.tolerance, self.rounding))
        size = max(np.linalg.norm(mine), np.linalg.norm(theirs))
        difference = np.linalg.norm(mine - theirs)
        # Of numbers whose squares are infinite, nothing is known.
        return bool(np.isfinite(size) and difference <= self.tolerance * size + self.rounding)


@dataclass(frozen=True, eq=False)
class Sketch:
    """Many numbers in few: what a recording keeps of them.

    The distance of two sketches is, up to a factor of about 2, that of the numbers (Johnson and
    Lindenstrauss). The distances that have to be told apart differ by a factor of a thousand.
    """

    shape: tuple[int, ...]
    norm: float
    projected: np.ndarray
    """On random directions, scaled so that lengths stay about the same."""
    tolerance: float
    rounding: float

    @classmethod
    def of(cls, measured: Measured) -> "Sketch | None":
        """The sketch of finite numbers; None of others."""
        values = measured.values.ravel()
        with np.errstate(over="ignore"):
            norm = float(np.linalg.norm(values))
        if not np.isfinite(norm):
            return None
        return cls(
            measured.values.shape,
            norm,
            _directions(values.size) @ values,
            measured.tolerance,
            measured.rounding,
        )

    def agrees(self, other: "Fact | None") -> bool:
        """Sketches, or numbers, that are the same up to the tolerance."""
        if isinstance(other, Unknown):
            return True
        sketch = other.sketch if isinstance(other, Measured) else other
        if not isinstance(sketch, Sketch) or self.shape != sketch.shape:
            return False
        allowed = self.tolerance * max(self.norm, sketch.norm) + self.rounding
        apart = float(np.linalg.norm(self.projected - sketch.projected))
        return apart <= allowed and abs(self.norm - sketch.norm) <= allowed


@cache
def _directions(size: int) -> np.ndarray:
    # A stream that numpy promises never to change: recordings are older than their readers.
    signs = np.random.RandomState(size).randint(0, 2, (DIRECTIONS, size))
    return (2.0 * signs - 1) / DIRECTIONS**0.5


@dataclass(frozen=True)
class Unknown:
    """Something that was not recorded, and excludes nothing."""

    def agrees(self, other: "Fact | None") -> bool:
        """With anything that was seen."""
        return other is not None


@dataclass(frozen=True)
class Counts:
    """How often the unlikely action of each group of steps was taken: (count, steps)."""

    of_groups: tuple[tuple[int, int], ...]

    def agrees(self, other: Fact | None) -> bool:
        """The counts are plausible under the other's chances."""
        if isinstance(other, (Decided, Unknown)):
            return True
        return isinstance(other, Chances) and all(
            _plausible(count, steps, chance)
            for (count, steps), chance in zip(self.of_groups, other.of_groups, strict=True)
        )


@dataclass(frozen=True)
class Chances:
    """With which probability the unlikely action of each group of steps is taken."""

    of_groups: tuple[float, ...]

    def agrees(self, other: Fact | None) -> bool:
        """The other's counts are plausible under these; two chances are the same or not."""
        if isinstance(other, Chances):
            return bool(np.allclose(self.of_groups, other.of_groups, rtol=1e-3, atol=1e-6))
        return other is not None and other.agrees(self)


@dataclass(frozen=True)
class Decided:
    """Nothing was left to chance, so that other facts tell whether it was the same."""

    def agrees(self, other: Fact | None) -> bool:
        """With any counts."""
        return other is not None


def _plausible(count: int, steps: int, chance: float) -> bool:
    if not 0 < chance < 1:
        return count == round(steps * chance)
    low, high = acceptance(steps, chance, IMPLAUSIBLE)
    return low <= count <= high


def step_facts(case: StepCase, outcome: StepOutcome) -> Facts:
    """What is known of the calls of an `actor_critic_step`."""
    facts: dict[str, Fact] = {RAISED: _raised(outcome.raised)}
    calls = list(outcome.calls)
    if outcome.unfinished is not None:
        calls.append(outcome.unfinished)
    for number, call in enumerate(calls, start=1):
        facts |= {f"call {number}: {name}": fact for name, fact in _call_facts(call)}
        facts |= loss_facts(case, number, call.losses)
    if len(calls) > 1:
        one, two = calls[:2]
        facts["reseeded"] = Said(reseeded(one.random_before, one.random_after, two.random_after))
    return facts


def loss_facts(case: StepCase, number: int, losses: Sequence[float | None]) -> Facts:
    """What is known of the losses that a call returned; calls are counted from 1."""
    rewards = case.episodes[number - 1].rewards
    rounding = 1e-6 * max(1.0, loss_scale(rewards))
    return {
        f"call {number}: loss {index}": Measured(
            np.array([np.nan if loss is None else loss]), LOSS_TOLERANCE, rounding
        )
        for index, loss in enumerate(losses)
    }


def _call_facts(call: StepCall) -> list[tuple[str, Fact]]:
    facts: list[tuple[str, Fact]] = [
        ("returned", Said(call.returned.length or call.returned.description)),
        ("types", Said(call.types)),
        ("steps of the actor's optimizer", Said(call.actor_steps)),
        ("steps of the critic's optimizer", Said(call.critic_steps)),
        ("changed", Said(frozenset(call.changed))),
    ]
    for which, delta in (("actor", call.actor_delta), ("critic", call.critic_delta)):
        facts.append((f"change of the {which}", _joined(delta)))
    return facts


def model_facts(outcome: ModelOutcome) -> Facts:
    """What is known of a model with two heads."""
    return {
        RAISED: _raised(outcome.raised),
        "shapes": Said(outcome.shapes),
        "returned": Said((outcome.returned, outcome.returned_for_one)),
        "probs": _numbers(outcome.probs),
        "values": _numbers(outcome.values),
        "moved by the policy": Said(outcome.moved_by_policy),
        "moved by the value": Said(outcome.moved_by_value),
    }


def collect_facts(outcome: CollectOutcome) -> Facts:
    """What is known of an episode that a `collect_episode_with_values` played."""
    trajectory = outcome.trajectory
    return {
        RAISED: _raised(outcome.raised),
        "returned": Said(outcome.returned.length or outcome.returned.description),
        "lengths": Said(outcome.lengths),
        "resets": Said(trajectory.reset_seeds),
        "steps": Said(len(trajectory.steps)),
        "ended": Said(trajectory.ended),
        "closed": Said(trajectory.closed),
        "changed": Said(frozenset(outcome.changed)),
        "actions taken": Said(tuple(step.action for step in trajectory.steps)),
        "states": _numbers(None if outcome.states is None else _flat(outcome.states)),
        "shapes of the states": Said(tuple(state.shape for state in outcome.states or ())),
        "actions": _numbers(outcome.actions),
        "rewards": _numbers(outcome.rewards),
        "log_probs": _numbers(outcome.log_probs),
        "values": _numbers(outcome.values),
        "types of the values": Said(frozenset(outcome.value_types)),
        "types of the log_probs": Said(frozenset(outcome.log_prob_types)),
        "gradient of the log_probs": _joined(outcome.log_prob_gradient),
    }


def function_facts(outcome: FunctionOutcome) -> Facts:
    """What is known of a call of a function of plain data."""
    return {
        RAISED: _raised(outcome.raised),
        "types": Said(outcome.types),
        "numbers": _numbers(outcome.numbers),
        "changed": Said(outcome.changed),
    }


def repeats(outcome: CollectOutcome) -> Facts:
    """What two episodes in a row, of one length and in one environment, show about chance.

    And what they change, as they may find the networks in another mode than a single one does.
    """
    before, one, two = outcome.random_states[:3]
    return {
        "reseeded": Said(reseeded(before, one, two)),
        "repeats": Said(outcome.actions_of_plays[0] == outcome.actions_of_plays[1]),
        "changed": Said(frozenset(outcome.changed)),
    }


def count_actions(case: CollectCase, plays: Sequence[Sequence[int]]) -> Counts:
    """How often the actions of the case's groups were taken in all plays together."""
    return Counts(tuple(_count(group, plays) for group in case.groups))


def _count(group: Group, plays: Sequence[Sequence[int]]) -> tuple[int, int]:
    taken = [
        actions[t] == action for actions in plays for t, action in group.steps if t < len(actions)
    ]
    return sum(taken), len(taken)


def _raised(raised: Raised | None) -> Fact:
    return Said(None if raised is None else (raised.kind, raised.cause))


def _joined(arrays: Sequence[np.ndarray] | None) -> Fact:
    return Said(None) if arrays is None else Measured(_flat(arrays), GRADIENT_TOLERANCE)


def _flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0), *(np.asarray(a, np.float64).ravel() for a in arrays)])


def _numbers(values: Sequence[float] | np.ndarray | None) -> Fact:
    if values is None:
        return Said(None)
    return Measured(np.asarray(values, np.float64), LOSS_TOLERANCE, each=True)
