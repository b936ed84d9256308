"""Judgements: an outcome against the expected one, and the message if they differ.

Each `require_...` returns if all is well and raises CheckFailed otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from grading.cases import CollectCase, StepCase
from grading.checks import CheckFailed, fail_raised
from grading.compare import describe_factor, norm, ratio, same_arrays, same_number
from grading.messages import Message, number
from grading.oracle import expected_step
from grading.outcome import CollectOutcome, StepCall, StepOutcome
from grading.probes.collect import probe_collect
from grading.probes.step import probe_step
from grading.solution import Solution

CONSTANT = "the-critic-is-a-constant-to-the-actor"
"""The anchor of the lesson on detaching."""


Case = TypeVar("Case", StepCase, CollectCase)
Outcome = TypeVar("Outcome", StepOutcome, CollectOutcome)


@dataclass
class _Trials(Generic[Case, Outcome]):
    """One function of a solution on cases; each case is played once."""

    probe: Callable[[Solution, Case, str, str, str], Outcome]
    solution: Solution
    device: str
    exercise: str
    name: str
    read: str
    """The anchor of the lesson for when the function brings nothing back."""
    _played: dict[Case, Outcome] = field(default_factory=dict)

    def outcome(self, case: Case) -> Outcome:
        """What the solution did; a check fails here if the call brought nothing back."""
        if case not in self._played:
            self._played[case] = self.probe(
                self.solution, case, self.device, self.exercise, self.name
            )
        outcome = self._played[case]
        if outcome.raised is not None:
            fail_raised(outcome.raised, case.description, self.read)
        return outcome


class StepTrials(_Trials[StepCase, StepOutcome]):
    """A solution's `actor_critic_step` and the reference's, on the same cases."""

    def __init__(self, solution: Solution, device: str) -> None:
        name = "actor_critic_step"
        super().__init__(probe_step, solution, device, name, name, "exercise-1-the-update")

    def calls(self, case: StepCase) -> list[tuple[StepCall, StepCall]]:
        """(got, expected) for each call of the case."""
        expected = expected_step(case, self.exercise, self.name)
        return list(zip(self.outcome(case).calls, expected.calls, strict=True))


class CollectTrials(_Trials[CollectCase, CollectOutcome]):
    """A solution's `collect_episode_with_values`."""

    def __init__(self, solution: Solution, device: str) -> None:
        super().__init__(
            probe_collect,
            solution,
            device,
            "collect_episode",
            "collect_episode_with_values",
            "exercise-2-collecting-an-episode",
        )


def require_loss(
    which: int, got: StepCall, expected: StepCall, case: StepCase, think: str, read: str
) -> None:
    """The actor loss (which=0) or the critic loss (which=1) is as expected."""
    what = ("actor", "critic")[which]
    wanted = expected.losses[which]
    assert wanted is not None  # the reference returns numbers
    value = got.losses[which] if len(got.losses) == 2 else None
    scale = _scale(case)
    if same_number(value, wanted, scale):
        return
    if value is None:
        raise CheckFailed(
            Message(
                f"there is no {what} loss to compare.",
                got=f"the function returned {got.returned.description}",
                expected="a tuple of 2: float, float",
                read="exercise-1-the-update",
            )
        )
    steps = len(case.episodes[0].rewards)
    swapped = same_number(value, expected.losses[1 - which] or 0.0, scale)
    fact = (
        "it is the other loss: are the two in the right order?"
        if swapped
        else describe_factor(value / wanted if wanted else None, steps)
    )
    raise CheckFailed(
        Message(
            f"the {what} loss has the wrong value."
            if not fact
            else f"the {what} loss is off: {fact}.",
            got=f"{what} loss = {number(value)}",
            expected=f"{what} loss = {number(wanted)}",
            think=think,
            case=case.description,
            read=read,
        )
    )


def require_change(
    which: str,
    got: StepCall,
    expected: StepCall,
    case: StepCase,
    think: str,
    read: str,
    when: str = "",
) -> None:
    """The parameters of the actor or of the critic changed as expected under SGD."""
    pick: Callable[[StepCall], tuple] = (  # type: ignore[type-arg]
        (lambda call: call.actor_delta) if which == "actor" else (lambda call: call.critic_delta)
    )
    lr = case.actor_lr if which == "actor" else case.critic_lr
    moved, wanted = pick(got), pick(expected)
    if same_arrays(moved, wanted):
        return
    steps = len(case.episodes[0].rewards)
    fact = describe_factor(ratio(moved, wanted), steps)
    if norm(moved) == 0:
        cause = f"the {which} does not move at all{when}."
    elif fact:
        cause = f"the {which}'s gradient is off{when}: {fact}."
    else:
        cause = f"the {which} does not follow the gradient of its loss{when}."
    measure = "gradient |g|" if case.optimizer == "sgd" else "change of the weights"
    unit = lr if case.optimizer == "sgd" else 1.0
    apart = norm([a - b for a, b in zip(moved, wanted, strict=True)]) / unit
    raise CheckFailed(
        Message(
            cause,
            got=f"{which} {measure} = {number(norm(moved) / unit)}",
            expected=f"{which} {measure} = {number(norm(wanted) / unit)}; "
            f"the two are {number(apart)} apart",
            think=think,
            case=case.description,
            read=read,
        )
    )


def _scale(case: StepCase) -> float:
    """The size of the terms in the losses, against which rounding is measured."""
    rewards = case.episodes[0].rewards
    return len(rewards) * sum(abs(reward) for reward in rewards[:100])
