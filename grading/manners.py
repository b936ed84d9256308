"""Manners: what can be asked of a call that updates networks before any number is compared.

Each `require_...` returns if all is well and raises CheckFailed otherwise.
"""

from math import isfinite

from grading.cases import StepCase
from grading.checks import CheckFailed
from grading.compare import norm
from grading.messages import Message, number
from grading.outcome import StepCall, reseeded


def require_two_floats(call: StepCall, case: StepCase, read: str) -> None:
    """It returned two finite Python floats."""
    got = f"it returned {call.returned.description}"
    expected = "a tuple of 2: float, float"
    if call.returned.length != 2:
        cause = (
            "nothing was returned."
            if call.returned.description == "None"
            else "two losses are to be returned, and nothing else."
        )
        raise CheckFailed(
            Message(cause, got=got, expected=expected, case=case.description, read=read)
        )
    if call.types != ("float", "float"):
        raise CheckFailed(
            Message(
                "the losses are not Python floats.",
                got=got,
                expected=expected,
                think="how does a tensor with one element become a plain number?",
                case=case.description,
                read=read,
            )
        )
    losses = [loss for loss in call.losses if loss is not None]
    if not all(isfinite(loss) for loss in losses):
        raise CheckFailed(
            Message(
                "a loss is not a finite number.",
                got=f"actor loss {number(losses[0])}, critic loss {number(losses[1])}",
                expected="two finite numbers",
                think="where could a division by zero, or a logarithm of zero, come in?",
                case=case.description,
                read=read,
            )
        )


def require_one_step_each(call: StepCall, case: StepCase) -> None:
    """Each of the caller's optimizers stepped once."""
    steps = {"actor_optimizer": call.actor_steps, "critic_optimizer": call.critic_steps}
    if case.shared:
        steps = {"the optimizer": call.actor_steps}
    wrong = [name for name, count in steps.items() if count != 1]
    if wrong:
        raise CheckFailed(
            Message(
                f"{' and '.join(wrong)} did not take exactly one step.",
                got=", ".join(f"steps of {name}: {count}" for name, count in steps.items()),
                expected="one step" if case.shared else "one step of each",
                think="it is the caller's optimizer that has to step: it remembers earlier calls",
                case=case.description,
                read="the-update",
            )
        )


def require_work(call: StepCall, case: StepCase, moved: float, what: str) -> None:
    """That no harm is done proves nothing if nothing is done."""
    if not moved > 0:
        raise CheckFailed(
            Message(
                f"{what} not move, so there is nothing to see here yet.",
                got=f"no change of the weights; the function returned {call.returned.description}",
                expected="changed weights",
                case=case.description,
                read="the-update",
            )
        )


def require_left_alone(
    call: StepCall, case: StepCase, twice: tuple[StepCall, ...], read: str
) -> None:
    """What belongs to the caller is as it was; `twice` are two calls with the same episode."""
    moved = norm(call.actor_delta) + norm(call.critic_delta)
    require_work(call, case, moved, "the networks do")
    one, two = twice
    changed = [
        *dict.fromkeys([*call.changed, *one.changed]),
        *(
            f"the seed of {name}"
            for name in reseeded(one.random_before, one.random_after, two.random_after)
        ),
    ]
    if changed:
        raise CheckFailed(
            Message(
                f"the call changes {changed[0]}, which is the caller's.",
                got="changed: " + ", ".join(changed),
                expected="only the weights and the optimizers' memories change",
                think="work on a copy, and leave global settings to whoever runs the program",
                case=case.description,
                read=read,
            )
        )
