"""What a step of the bug hunt can be called with.

Where a test is graded, the steps run in another process. So a call has to consist of what can be
sent there, and no more of it than is fixed here: the lesson's networks, torch's usual optimizers,
lists.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from lesson.networks import Actor, Critic

MAX_CALLS = 500
"""Calls of one step; an honest test makes ten."""
MAX_STEPS = 2_000
MAX_GRADIENTS = 2_000_000
"""Numbers in the gradients of all log-probs together: of MAX_STEPS steps with the networks of
CartPole, 898 parameters."""
MAX_NUMBERS = 400_000
"""All other float32 numbers of a call."""
SETTINGS: dict[str, tuple[str, ...]] = {
    "SGD": ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"),
    "Adam": ("lr", "betas", "eps", "weight_decay", "amsgrad", "maximize"),
}
"""Of an optimizer, which may differ from torch's defaults."""


def require_sendable(
    actor: Actor,
    critic: Critic,
    actor_optimizer: Optimizer,
    critic_optimizer: Optimizer,
    states: list[np.ndarray],
    log_probs: list[Tensor],
    rewards: list[float],
) -> None:
    """That these arguments of a step can be sent. Raises TypeError and ValueError, saying why not.

    Networks and log-probs that a step has left frozen, or without gradients, can be.
    """
    _require_network("actor", actor, Actor)
    _require_network("critic", critic, Critic)
    _require_optimizer("actor_optimizer", actor_optimizer, actor)
    _require_optimizer("critic_optimizer", critic_optimizer, critic)
    lists = {"states": states, "log_probs": log_probs, "rewards": rewards}
    for name, given in lists.items():
        _require(type(given) is list, f"{name}: give a list, not {_kind(given)}", TypeError)
    _require_states(states)
    _require_log_probs(log_probs, actor)
    numbers = all(isinstance(reward, (int, float)) for reward in rewards)
    _require(numbers, "rewards: each is a float", TypeError)
    sizes = [sum(p.numel() for p in network.parameters()) for network in (actor, critic)]
    steps = max(len(states), len(log_probs), len(rewards))
    require_small(steps, len(states[0]) if states else 0, *sizes)


def require_small(steps: int, state_dim: int, actor_size: int, critic_size: int) -> None:
    """That a call is not too large; sizes are numbers of parameters. Raises ValueError."""
    # Of each parameter: weight, gradient, and three that Adam remembers.
    numbers = 5 * (actor_size + critic_size) + steps * (2 * state_dim + 4)
    _require(
        steps <= MAX_STEPS and steps * actor_size <= MAX_GRADIENTS and numbers <= MAX_NUMBERS,
        f"an episode of {steps} steps, with networks of {actor_size} and {critic_size} parameters, "
        f"is too much for one call: use a shorter episode (at most {MAX_STEPS} steps, and "
        f"{MAX_GRADIENTS} steps x parameters of the actor), or a smaller hidden_dim",
    )


def are_two_layers(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether these are the shapes of the parameters of one of the lesson's networks."""
    if [len(shape) for shape in shapes] != [2, 1, 2, 1] or not all(map(all, shapes)):
        return False
    (hidden, inputs), (outputs,) = shapes[0], shapes[3]
    return [*shapes] == [(hidden, inputs), (hidden,), (outputs, hidden), (outputs,)]


def _require(true: bool, otherwise: str, kind: type[Exception] = ValueError) -> None:
    if not true:
        raise kind(otherwise)


def _kind(given: Any) -> str:
    return "None" if given is None else type(given).__name__


def _require_network(who: str, network: Any, kind: type[nn.Module]) -> None:
    wanted = f"{who}: use the lesson's {kind.__name__}"
    _require(type(network) is kind, f"{wanted}, not {_kind(network)}", TypeError)
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
    _require(usual, f"{who}: use torch.optim's SGD or Adam, not {_kind(optimizer)}", TypeError)
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
    frozen = not torch.is_grad_enabled() or not any(p.requires_grad for p in actor.parameters())
    _require(
        with_graph <= {True} or (frozen and with_graph == {False}),
        "log_probs: with their graph, which leads to the actor: no detach, no item, no no_grad",
    )
