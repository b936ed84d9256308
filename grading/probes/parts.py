"""A call of a step, taken apart: the plain data that a lent step travels as.

Both sides read networks and optimizers into these and put them back; see grading.probes.lent for
the borrower's side and grading.lending for the lender's.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lesson.sending import SETTINGS

MEMORIES: dict[str, tuple[str, ...]] = {
    "SGD": ("momentum_buffer",),
    "Adam": ("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"),
}
"""What an optimizer remembers of each parameter."""
NEW = -1
"""In the place of the number of an item: it was not in the list before."""


@dataclass(frozen=True, eq=False)
class Learner:
    """All that a step can see or change of a network and of the optimizer that it learns with."""

    weights: tuple[np.ndarray, ...]
    """float32: hidden weight, hidden bias, output weight, output bias."""
    gradients: tuple[np.ndarray | None, ...]
    requires_grad: tuple[bool, ...]
    training: bool
    optimizer: Literal["SGD", "Adam"]
    settings: tuple[tuple[float, ...], ...]
    """In the order of SETTINGS: betas are two numbers, a switch is 0 or 1."""
    memory: tuple[tuple[int, str, np.ndarray], ...]
    """(number of the parameter, what, float32 numbers)."""


@dataclass(frozen=True, eq=False)
class StepRequest:
    """One call of a step; the lists need not be of one length."""

    actor: Learner
    critic: Learner
    states: np.ndarray
    """(T, state_dim), float32 or float64."""
    log_probs: np.ndarray
    """(T,) float32"""
    jacobian: np.ndarray | None
    """(T, those of the actor's numbers that require a gradient) float32; None without graph."""
    rewards: tuple[float, ...]
    grad_enabled: bool


@dataclass(frozen=True, eq=False)
class Value:
    """What a step returned, or a part of it."""

    kind: Literal[
        "None", "bool", "int", "float", "array", "scalar", "tensor", "graph", "tuple", "list", "odd"
    ]
    """`scalar` is one of numpy's, `graph` a tensor with its graph, `odd` anything else."""
    numbers: np.ndarray | None = None
    items: "tuple[Value, ...]" = ()


@dataclass(frozen=True, eq=False)
class StepReply:
    """What came of a call."""

    returned: Value
    raised: tuple[str, str] | None
    """The name of the exception's class, and its text."""
    actor: Learner
    critic: Learner
    states: np.ndarray
    """The arrays that were handed over, as they are now."""
    states_now: tuple[int, ...]
    """What is in the list now: the number of each item, or NEW."""
    log_probs_now: tuple[int, ...]
    rewards_now: tuple[float, ...]
    used_up: tuple[bool, ...]
    """Of each log-prob, whether a backward pass has freed its graph."""
    grad_enabled: bool


def read_learner(network: nn.Module, optimizer: Optimizer) -> Learner:
    """Copied."""
    parameters, (group,) = list(network.parameters()), optimizer.param_groups
    kind: Literal["SGD", "Adam"] = "SGD" if type(optimizer) is torch.optim.SGD else "Adam"
    settings = (group[key] for key in SETTINGS[kind])
    return Learner(
        tuple(p.detach().numpy().copy() for p in parameters),
        tuple(None if p.grad is None else p.grad.detach().numpy().copy() for p in parameters),
        tuple(p.requires_grad for p in parameters),
        network.training,
        kind,
        tuple(tuple(map(float, s if isinstance(s, tuple) else (s,))) for s in settings),
        tuple(
            (number, key, value.numpy().copy())
            for number, parameter in enumerate(group["params"])
            for key, value in optimizer.state.get(parameter, {}).items()
            if key in MEMORIES[kind] and isinstance(value, Tensor)
        ),
    )


def put_learner(network: nn.Module, optimizer: Optimizer, state: Learner) -> None:
    """Give a network, and an optimizer of that kind, this state."""
    parameters, (group,) = list(network.parameters()), optimizer.param_groups
    for parameter, weight, gradient, requires_grad in zip(
        parameters, state.weights, state.gradients, state.requires_grad, strict=True
    ):
        parameter.requires_grad_(requires_grad)
        # What does not change keeps its version: a graph that needs it can still be used.
        if not np.array_equal(parameter.detach().numpy(), weight, equal_nan=True):
            parameter.detach().copy_(torch.from_numpy(weight))
        parameter.grad = None if gradient is None else torch.from_numpy(gradient.copy())
    if network.training != state.training:
        network.train(state.training)
    for key, numbers in zip(SETTINGS[state.optimizer], state.settings, strict=True):
        now: Any = numbers if isinstance(group[key], tuple) else numbers[0]
        if group[key] != now:  # else a 0 stays 0, and does not become 0.0
            group[key] = now
    optimizer.state.clear()
    for number, key, value in state.memory:
        optimizer.state[parameters[number]][key] = torch.from_numpy(value.copy())
