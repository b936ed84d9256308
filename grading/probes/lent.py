"""A step that is lent: it can be called, and runs somewhere else.

Whoever tests somebody else's `actor_critic_step` must be able to call it and to look at what it
did, and at nothing else. So a call is taken apart here, made by whoever has the step (see
grading.lending), and what came of it is put back into the objects of the caller.
"""

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from grading.probes.parts import (
    NEW,
    StepReply,
    StepRequest,
    Value,
    put_learner,
    read_learner,
)
from lesson import Actor, Critic
from lesson.sending import MAX_CALLS, require_sendable


def lent(ask: Callable[[StepRequest], StepReply], misuse: list[str]) -> Callable[..., Any]:
    """A step as its borrower has it, with the signature of any other.

    What it was handed and cannot be called with is a TypeError or a ValueError; its text is added
    to `misuse`, because a test may swallow the exception.
    """
    calls = 0

    def actor_critic_step(
        actor: Actor,
        critic: Critic,
        actor_optimizer: Optimizer,
        critic_optimizer: Optimizer,
        states: list[np.ndarray],
        log_probs: list[Tensor],
        rewards: list[float],
    ) -> Any:
        """Somebody's update of both networks from one episode, which runs elsewhere."""
        nonlocal calls
        calls += 1
        arguments = actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards
        call = _Call(*arguments)
        try:
            _require(calls <= MAX_CALLS, f"the step was called {MAX_CALLS} times: that is enough")
            require_sendable(*arguments)
            request = call.taken_apart()
        except (TypeError, ValueError) as error:
            misuse.append(str(error))
            raise
        reply = ask(request)
        call.put_back(request, reply)
        if reply.raised is not None:
            raise _exception(*reply.raised)
        return _value(reply.returned)

    return actor_critic_step


@dataclass(frozen=True, eq=False)
class _Call:
    """The arguments of a call: anything, until they have been looked at."""

    actor: Any
    critic: Any
    actor_optimizer: Any
    critic_optimizer: Any
    states: Any
    log_probs: Any
    rewards: Any

    def taken_apart(self) -> StepRequest:
        """As plain data. Raises ValueError, and torch's RuntimeError if a graph is used up."""
        return StepRequest(
            read_learner(self.actor, self.actor_optimizer),
            read_learner(self.critic, self.critic_optimizer),
            np.array(self.states) if self.states else np.zeros((0, 0), np.float32),
            np.array([one.item() for one in self.log_probs], np.float32),
            self._jacobian(),
            tuple(map(float, self.rewards)),
            torch.is_grad_enabled(),
        )

    def put_back(self, request: StepRequest, reply: StepReply) -> None:
        """Leave the caller's objects as the step has left its own."""
        used_up = [one for one, used in zip(self.log_probs, reply.used_up, strict=True) if used]
        if used_up:
            # First, as long as the weights are those with which the graphs were made.
            torch.autograd.grad(used_up, _moving(self.actor), allow_unused=True)
        put_learner(self.actor, self.actor_optimizer, reply.actor)
        put_learner(self.critic, self.critic_optimizer, reply.critic)
        torch.set_grad_enabled(reply.grad_enabled)
        for state, before, now in zip(self.states, request.states, reply.states, strict=True):
            if not np.array_equal(before, now, equal_nan=True):
                state[:] = now
        _rearrange(self.states, reply.states_now)
        _rearrange(self.log_probs, reply.log_probs_now)
        if not np.array_equal(reply.rewards_now, request.rewards, equal_nan=True):
            self.rewards[:] = reply.rewards_now

    def _jacobian(self) -> np.ndarray | None:
        """The gradient of each log-prob, a row, in the parameters that require one."""
        moving = _moving(self.actor)
        if not moving or not any(one.requires_grad for one in self.log_probs):
            return None
        rows = []
        for one in self.log_probs:
            found = torch.autograd.grad(one, moving, retain_graph=True, allow_unused=True)
            _require(
                any(gradient is not None for gradient in found),
                "log_probs: compute them with the actor that you hand over, not with another one "
                "or a copy of it: their graph does not lead to its parameters",
            )
            pairs = zip(moving, found, strict=True)
            whole = (torch.zeros_like(p) if g is None else g for p, g in pairs)
            rows.append(torch.cat([gradient.ravel() for gradient in whole]).numpy())
        return np.stack(rows)


def _moving(network: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def _rearrange(given: list[Any], now: tuple[int, ...]) -> None:
    if now != tuple(range(len(given))):
        given[:] = [None if number == NEW else given[number] for number in now]


def _require(true: bool, otherwise: str) -> None:
    if not true:
        raise ValueError(otherwise)


def _exception(name: str, text: str) -> Exception:
    """One of Python's own by its name; anything else is a RuntimeError that says so."""
    kind = vars(builtins).get(name)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(text)
        except TypeError:  # UnicodeDecodeError and its like want more
            pass
    return RuntimeError(f"{name}: {text}")


_READ: dict[str, Callable[[Any, list[Any]], Any]] = {
    "None": lambda _, __: None,
    "bool": lambda numbers, _: bool(numbers),
    "int": lambda numbers, _: int(numbers),
    "float": lambda numbers, _: float(numbers),
    "array": lambda numbers, _: numbers,
    "scalar": lambda numbers, _: numbers[()],
    "tensor": lambda numbers, _: torch.from_numpy(numbers),
    "graph": lambda numbers, _: torch.from_numpy(numbers).requires_grad_() * 1,
    "tuple": lambda _, items: tuple(items),
    "list": lambda _, items: items,
    "odd": lambda _, __: object(),
}


def _value(value: Value) -> Any:
    """What was described."""
    return _READ[value.kind](value.numbers, [_value(item) for item in value.items])
