"""What a stacked run trains: two networks of the lesson, or one with two heads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from lesson.stacked.networks import Stack
from lesson.stacked.signals import Signal

Gradients = tuple[Tensor, ...]
"""Of the weights of each stack, (k, size)."""


@dataclass(frozen=True)
class Pass:
    """A forward pass of k agents through (k, T, state_dim) states."""

    logits: Tensor
    """(k, T, n_actions)"""
    values: Tensor
    """(k, T)"""
    back: Callable[[Tensor | None, Tensor | None], Gradients]
    """(gradients by the logits, by the values) -> by the weights; None is zero everywhere."""


class Agents(Protocol):
    """n agents."""

    def begin(self, rows: Tensor, random: torch.Generator) -> None:
        """Give these agents new weights, and fresh optimizers."""

    def policy(self, rows: Tensor) -> list[Tensor]:
        """The layers of their policies, as `Stack.layers` gives them."""

    def forward(self, rows: Tensor, states: Tensor) -> Pass:
        """Logits and values of (k, T, state_dim) states."""

    def step(self, rows: Tensor, gradients: Gradients, signal: Signal) -> None:
        """A step of each optimizer that takes one; `signal` says which do, and how."""


class Separate:
    """An actor and a critic with an optimizer each."""

    def __init__(self, actor: Stack, critic: Stack) -> None:
        self.actor, self.critic = actor, critic

    def begin(self, rows: Tensor, random: torch.Generator) -> None:
        """Give these agents new weights, and fresh optimizers."""
        self.actor.begin(rows, random)
        self.critic.begin(rows, random)

    def policy(self, rows: Tensor) -> list[Tensor]:
        """The actors' layers."""
        return self.actor.layers(self.actor.weights.index_select(0, rows))

    def forward(self, rows: Tensor, states: Tensor) -> Pass:
        """Logits and values of (k, T, state_dim) states."""
        actor, critic = (one.weights.index_select(0, rows) for one in (self.actor, self.critic))
        actor_hidden, logits = self.actor.forward(actor, states)
        critic_hidden, values = self.critic.forward(critic, states)

        def back(by_logits: Tensor | None, by_values: Tensor | None) -> Gradients:
            return (
                actor
                if by_logits is None
                else self.actor.gradient(actor, states, actor_hidden, by_logits),
                critic
                if by_values is None
                else self.critic.gradient(critic, states, critic_hidden, by_values[:, :, None]),
            )

        return Pass(logits, values[:, :, 0], back)

    def step(self, rows: Tensor, gradients: Gradients, signal: Signal) -> None:
        """A step of each optimizer that takes one."""
        by_actor, by_critic = gradients
        if signal.moves_the_policy:
            self.actor.step(rows, by_actor, signal.actor_stale)
        if signal.by_values is not None:
            self.critic.step(rows, by_critic, signal.critic_stale)


class OneTrunk:
    """One network with a policy head and a value head: its outputs are the logits and the value."""

    def __init__(self, network: Stack, n_actions: int) -> None:
        self.network, self._n_actions = network, n_actions

    def begin(self, rows: Tensor, random: torch.Generator) -> None:
        """Give these agents new weights, and fresh optimizers."""
        self.network.begin(rows, random)

    def policy(self, rows: Tensor) -> list[Tensor]:
        """Trunk and policy head."""
        trunk, bias, heads, biases = self.network.layers(self.network.weights.index_select(0, rows))
        return [trunk, bias, heads[:, : self._n_actions], biases[:, :, : self._n_actions]]

    def forward(self, rows: Tensor, states: Tensor) -> Pass:
        """Logits and values of (k, T, state_dim) states."""
        weights = self.network.weights.index_select(0, rows)
        hidden, out = self.network.forward(weights, states)

        def back(by_logits: Tensor | None, by_values: Tensor | None) -> Gradients:
            by_out = torch.zeros_like(out)
            if by_logits is not None:
                by_out[:, :, : self._n_actions] = by_logits
            if by_values is not None:
                by_out[:, :, self._n_actions] = by_values
            return (self.network.gradient(weights, states, hidden, by_out),)

        return Pass(out[:, :, : self._n_actions], out[:, :, self._n_actions], back)

    def step(self, rows: Tensor, gradients: Gradients, signal: Signal) -> None:
        """A step of the one optimizer."""
        self.network.step(rows, gradients[0], signal.actor_stale)


def joined(parts: Sequence[Gradients]) -> Gradients:
    """Those of several parts of the agents, one after the other."""
    return tuple(torch.cat(same) for same in zip(*parts, strict=True))
