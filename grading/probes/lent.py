"""A step that is lent: it can be called, and runs somewhere else.

Whoever tests somebody else's `actor_critic_step` must be able to call it and to look at what it
did, and at nothing else. So a call is taken apart here, made by whoever has the step (see
grading.lending), and what came of it is put back into the objects of the caller.
"""

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from grading.probes.live import describe
from grading.probes.parts import (
    MAX_CALLS,
    NEW,
    SETTINGS,
    StepReply,
    StepRequest,
    Value,
    are_two_layers,
    put_learner,
    read_learner,
    require_small,
)
from lesson import Actor, Critic


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
        call = _Call(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards)
        try:
            _require(calls <= MAX_CALLS, f"the step was called {MAX_CALLS} times: that is enough")
            call.require_lendable()
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

    def require_lendable(self) -> None:
        """That the call can be made elsewhere and tell the same. Raises TypeError, ValueError."""
        _require_network("actor", self.actor, Actor)
        _require_network("critic", self.critic, Critic)
        _require_optimizer("actor_optimizer", self.actor_optimizer, self.actor)
        _require_optimizer("critic_optimizer", self.critic_optimizer, self.critic)
        lists = {"states": self.states, "log_probs": self.log_probs, "rewards": self.rewards}
        for name, given in lists.items():
            _require(type(given) is list, f"{name}: give a list, not {describe(given)}", TypeError)
        _require_states(self.states)
        _require_log_probs(self.log_probs, self.actor)
        numbers = all(isinstance(reward, (int, float)) for reward in self.rewards)
        _require(numbers, "rewards: each is a float", TypeError)
        sizes = (
            sum(parameter.numel() for parameter in network.parameters())
            for network in (self.actor, self.critic)
        )
        state_dim = len(self.states[0]) if self.states else 0
        require_small(max(map(len, lists.values())), state_dim, (next(sizes), next(sizes)))

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


def _require(true: bool, otherwise: str, kind: type[Exception] = ValueError) -> None:
    if not true:
        raise kind(otherwise)


def _require_network(who: str, network: Any, kind: type[nn.Module]) -> None:
    wanted = f"{who}: use the lesson's {kind.__name__}"
    _require(type(network) is kind, f"{wanted}, not {describe(network)}", TypeError)
    parameters = list(network.parameters())
    shapes = [tuple(parameter.shape) for parameter in parameters]
    fits = are_two_layers(shapes) and (kind is Actor or shapes[3] == (1,))
    fits = fits and [type(layer) for layer in network.children()] == [nn.Linear, nn.Linear]
    fits = fits and all(p.is_cpu and p.dtype == torch.float32 for p in parameters)
    _require(fits, f"{wanted} with its own two layers, in float32 and on the CPU")
    _require_untouched(who, network, *network.children(), *parameters)


def _require_untouched(who: str, *things: Any) -> None:
    hooks = [value for one in things for k, value in vars(one).items() if k.endswith("_hooks")]
    hooks += [one._backward_hooks for one in things if isinstance(one, Tensor)]
    patched = any({"forward", "step", "zero_grad"} & vars(one).keys() for one in things)
    wanted = f"{who}: without hooks and patches; the step runs elsewhere, and sees none of them"
    _require(not any(hooks) and not patched, wanted)


def _require_optimizer(who: str, optimizer: Any, network: nn.Module) -> None:
    usual = type(optimizer) in (SGD, Adam)
    _require(usual, f"{who}: use torch.optim's SGD or Adam, not {describe(optimizer)}", TypeError)
    _require_untouched(who, optimizer)
    group, *others = optimizer.param_groups
    held = [id(parameter) for parameter in group["params"]]
    fits = not others and held == [id(parameter) for parameter in network.parameters()]
    _require(fits, f"{who}: give it all parameters of the network that it is for, and no others")
    fixed = _fixed(type(optimizer).__name__)
    odd = [key for key in fixed if group[key] != fixed[key]]
    _require(not odd, f"{who}: leave {', '.join(odd)} at its default")
    _require(not isinstance(group["lr"], Tensor), f"{who}: give lr as a float", TypeError)


@cache
def _fixed(kind: str) -> dict[str, Any]:
    """The settings of an optimizer that are to be torch's defaults."""
    usual = (SGD if kind == "SGD" else Adam)([nn.Parameter(torch.zeros(1))]).defaults
    return {key: usual[key] for key in usual.keys() - SETTINGS[kind]}


def _require_states(states: list[Any]) -> None:
    fine = all(isinstance(state, np.ndarray) and state.ndim == 1 for state in states)
    _require(fine, "states: each is an array of shape (state_dim,)", TypeError)
    kinds = {(state.shape, state.dtype) for state in states}
    fine = len(kinds) <= 1 and all(dtype in (np.float32, np.float64) for _, dtype in kinds)
    _require(fine, "states: arrays of one shape, all of float32 or all of float64")


def _require_log_probs(log_probs: list[Any], actor: Actor) -> None:
    fine = all(isinstance(one, Tensor) and one.shape == () for one in log_probs)
    fine = fine and all(one.dtype == torch.float32 and one.is_cpu for one in log_probs)
    _require(fine, "log_probs: each is a scalar tensor, as actor.sample_action gives it", TypeError)
    with_graph = {one.requires_grad for one in log_probs}
    # Where a step has switched gradients off, or frozen the actor, they cannot have one.
    without = {False} if not torch.is_grad_enabled() or not _moving(actor) else None
    _require(
        with_graph <= {True} or with_graph == without,
        "log_probs: with their graph, which leads to the actor: no detach, no item, no no_grad",
    )


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
