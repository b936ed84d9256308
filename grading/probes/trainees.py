"""Who is trained by a step: an actor and a critic, or one model with two heads."""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from grading.cases import Networks, StepCase, Weights
from grading.optimizers import SGD, Adam
from grading.outcome import Raised
from grading.probes.live import arrays, build, call, chosen_log_probs, log_probs_of
from grading.solution import Callee

MODEL = "SharedActorCritic"
"""The class that a solution makes its model of."""


class Trainees(Protocol):
    """Networks and their optimizers, as the caller of a step has them."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The first ones of the call."""

    @property
    def valuing(self) -> nn.Module:
        """What gives the values of states."""

    def log_probs(self, states: np.ndarray, actions: np.ndarray) -> Tensor:
        """Of T actions in (T, state_dim) states: (T,), with graph."""

    def weights(self) -> tuple[Weights, Weights]:
        """The actor's and the critic's, copied."""

    def put_actor(self, weights: Weights) -> None:
        """Give the actor these weights; its optimizer remembers what it did."""

    def steps(self) -> tuple[int, int]:
        """That the actor's and the critic's optimizer have taken."""

    def belongings(self) -> dict[str, object]:
        """What a step has no business changing, by the words for it."""


def made(solution: Callee, case: StepCase, device: str, exercise: str) -> Trainees | Raised:
    """Those of a case; a model of the solution's own making may not come about."""
    if not case.shared:
        return Pair(case, device)
    model = built_model(solution, case.networks, exercise)
    if isinstance(model, Raised):
        return model
    return OneModel(model.to(device).train(case.training), case)


class Pair:
    """An actor and a critic that share nothing."""

    def __init__(self, case: StepCase, device: str) -> None:
        self._actor, self.valuing = build(case.networks, device, case.training)
        optimizer = SGD if case.optimizer == "sgd" else Adam
        self._optimizers = (
            optimizer(self._actor.parameters(), case.actor_lr),
            optimizer(self.valuing.parameters(), case.critic_lr),
        )
        self.arguments = (self._actor, self.valuing, *self._optimizers)

    def log_probs(self, states: np.ndarray, actions: np.ndarray) -> Tensor:
        """Of T actions in (T, state_dim) states: (T,), with graph."""
        return log_probs_of(self._actor, states, actions)

    def weights(self) -> tuple[Weights, Weights]:
        """Of both."""
        return arrays(self._actor), arrays(self.valuing)

    def put_actor(self, weights: Weights) -> None:
        """Give the actor these weights."""
        _put(weights, self._actor.parameters())

    def steps(self) -> tuple[int, int]:
        """Of both."""
        actor, critic = self._optimizers
        return actor.steps_taken, critic.steps_taken

    def belongings(self) -> dict[str, object]:
        """Of both."""
        return {
            **_belongings("the actor", self._actor, self._optimizers[0]),
            **_belongings("the critic", self.valuing, self._optimizers[1]),
        }


class OneModel:
    """A model with two heads; the trunk counts as a part of the actor and of the critic."""

    def __init__(self, model: nn.Module, case: StepCase) -> None:
        self.valuing = model
        self._parameters = roles(model, case.networks)
        self._optimizer = (SGD if case.optimizer == "sgd" else Adam)(
            model.parameters(), case.actor_lr
        )
        self.arguments = (model, self._optimizer)

    def log_probs(self, states: np.ndarray, actions: np.ndarray) -> Tensor:
        """Of T actions in (T, state_dim) states: (T,), with graph."""
        device = next(self.valuing.parameters()).device
        probs, _ = self.valuing(torch.from_numpy(states).to(device))
        return chosen_log_probs(probs, actions)

    def weights(self) -> tuple[Weights, Weights]:
        """Trunk and policy head, trunk and value head."""
        trunk, policy, value = (
            tuple(p.detach().cpu().numpy().copy() for p in self._parameters[i : i + 2])
            for i in (0, 2, 4)
        )
        return trunk + policy, trunk + value

    def put_actor(self, weights: Weights) -> None:
        """Give trunk and policy head these weights; the value head keeps its own."""
        _put(weights, self._parameters[:4])

    def steps(self) -> tuple[int, int]:
        """The same optimizer moves both."""
        return self._optimizer.steps_taken, self._optimizer.steps_taken

    def belongings(self) -> dict[str, object]:
        """Of the one model."""
        return _belongings("the model", self.valuing, self._optimizer)


def built_model(solution: Callee, networks: Networks, exercise: str) -> nn.Module | Raised:
    """A model of the solution's class with these weights in it, on the CPU."""
    sizes = (networks.state_dim, networks.n_actions, networks.hidden_dim)
    model = call(solution, exercise, MODEL, *sizes)
    if isinstance(model, Raised):
        return model
    if not isinstance(model, nn.Module):
        return Raised("exception", f"{MODEL} is no torch.nn.Module", solution.place(exercise))
    if shapes(model) != sorted(weight.shape for weight in _weights(networks)):
        return Raised(
            "exception", f"{MODEL} does not have its three layers", solution.place(exercise)
        )
    _put(_weights(networks), roles(model, networks))
    return model


def shapes(model: nn.Module) -> list[tuple[int, ...]]:
    """Of all parameters, sorted."""
    return sorted(tuple(parameter.shape) for parameter in model.parameters())


def roles(model: nn.Module, networks: Networks) -> list[nn.Parameter]:
    """Weight and bias of trunk, policy head and value head: their shapes tell them apart."""
    by_shape = {tuple(parameter.shape): parameter for parameter in model.parameters()}
    return [by_shape[weight.shape] for weight in _weights(networks)]


def _weights(networks: Networks) -> Weights:
    return (*networks.actor, *networks.critic[2:])


def _put(weights: Weights, parameters: Iterable[nn.Parameter]) -> None:
    with torch.no_grad():
        for parameter, weight in zip(parameters, weights, strict=True):
            parameter.copy_(torch.from_numpy(weight))


def _belongings(
    who: str, network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, object]:
    return {
        f"{who}'s training mode": network.training,
        f"requires_grad of {who}'s parameters": [p.requires_grad for p in network.parameters()],
        f"{who} optimizer's settings" if who != "the model" else "the optimizer's settings": [
            {key: value for key, value in group.items() if key != "params"}
            | {"params": [id(p) for p in group["params"]]}
            for group in optimizer.param_groups
        ],
    }
