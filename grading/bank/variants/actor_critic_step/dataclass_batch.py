"""The episode as a frozen dataclass with properties."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lesson import compute_returns


class Losses(NamedTuple):
    actor: float
    critic: float


@dataclass(frozen=True)
class Batch:
    states: Tensor
    log_probs: Tensor
    returns: Tensor
    critic: nn.Module

    @classmethod
    def build(cls, states, log_probs, rewards, critic: nn.Module) -> Batch:
        kwargs = {"dtype": torch.float32, "device": next(critic.parameters()).device}
        return cls(
            states=torch.tensor(np.stack(states), **kwargs),
            log_probs=torch.stack(list(log_probs)),
            returns=torch.tensor(compute_returns(rewards), **kwargs),
            critic=critic,
        )

    @cached_property
    def values(self) -> Tensor:
        return self.critic(self.states)

    @property
    def advantages(self) -> Tensor:
        return self.returns - self.values.detach()

    @property
    def actor_loss(self) -> Tensor:
        return -(self.log_probs * self.advantages).sum()

    @property
    def critic_loss(self) -> Tensor:
        return nn.functional.mse_loss(self.values, self.returns)


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    batch = Batch.build(states, log_probs, rewards, critic)
    actor_loss, critic_loss = batch.actor_loss, batch.critic_loss
    for optimizer, loss in ((actor_optimizer, actor_loss), (critic_optimizer, critic_loss)):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Losses(actor_loss.item(), critic_loss.item())
