"""Judgements: an outcome against the expected one, and the message if they differ.

Each `require_...` returns if all is well and raises CheckFailed otherwise.
"""

from collections.abc import Sequence

from grading.cases import FunctionCase, StepCase
from grading.checks import CheckFailed
from grading.compare import (
    describe_factor,
    loss_scale,
    norm,
    same_arrays,
    same_number,
    same_numbers,
)
from grading.messages import Message, number, numbers
from grading.observe import only_the_number, telling
from grading.outcome import FunctionOutcome, StepCall

CONSTANT = "the-critic-is-a-constant-to-the-actor"
"""The anchor of the lesson on detaching."""


def require_loss(
    which: int, got: StepCall, expected: StepCall, case: StepCase, think: str, read: str
) -> None:
    """The actor loss (which=0) or the critic loss (which=1) is as expected."""
    what = ("actor", "critic")[which]
    wanted = expected.losses[which]
    assert wanted is not None  # the reference returns numbers
    value = got.losses[which] if len(got.losses) == 2 else None
    rewards = case.episodes[0].rewards
    scale = loss_scale(rewards)
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
    swapped = same_number(value, expected.losses[1 - which] or 0.0, scale)
    fact = (
        "it is the other loss: are the two in the right order?"
        if swapped
        else describe_factor(value / wanted if wanted else None, len(rewards))
        or _beyond_the_number(what, case, got, expected)
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
    moved, wanted = got.delta(which), expected.delta(which)
    if same_arrays(moved, wanted):
        return
    fact = telling(which, case, got, expected)
    if norm(moved) == 0:
        cause = f"the {which} does not move at all{when}."
    elif fact:
        cause = f"the {which}'s gradient is off{when}: {fact}."
    else:
        cause = f"the {which} does not follow the gradient of its loss{when}."
    measure = "gradient |g|" if case.optimizer == "sgd" else "change of the weights"
    unit = case.lr(which) if case.optimizer == "sgd" else 1.0
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


def require_all(calls: Sequence[tuple[StepCall, StepCall]], case: StepCase, think: str) -> None:
    """Losses and changes of every call are as expected: (got, expected) for each."""
    for index, (got, expected) in enumerate(calls):
        when = f" in call {index + 1}" if len(calls) > 1 else ""
        require_loss(0, got, expected, case, think, "the-actor-loss")
        require_loss(1, got, expected, case, think, "the-critic-loss")
        require_change("actor", got, expected, case, think, "the-update", when)
        require_change("critic", got, expected, case, think, "the-update", when)


def require_returned(
    case: FunctionCase, got: FunctionOutcome, expected: FunctionOutcome, think: str, read: str
) -> None:
    """A function of plain data returned what the reference returns, and changed no argument."""
    assert expected.numbers is not None  # the reference returns numbers
    if got.types != expected.types:
        cause, seen, wanted = (
            "the wrong kind of thing is returned.",
            got.returned,
            expected.returned,
        )
    elif not same_numbers(got.numbers, expected.numbers):
        cause = "the returned numbers are not the expected ones."
        seen = numbers(got.numbers) if got.numbers is not None else got.returned
        wanted = numbers(expected.numbers)
    elif got.changed:
        cause, seen = f"the call changes {got.changed[0]}, which is the caller's.", "a changed list"
        wanted = "the arguments as they were"
    else:
        return
    raise CheckFailed(Message(cause, seen, wanted, think=think, case=case.description, read=read))


def _beyond_the_number(what: str, case: StepCase, got: StepCall, expected: StepCall) -> str:
    """What the update tells about a loss that is off."""
    if only_the_number(what, got, expected):
        return f"the {what} moves as it should, so only the number that is returned is wrong"
    return telling(what, case, got, expected)
