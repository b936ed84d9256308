"""Loss functions by themselves, and a small class that keeps the episode."""

from dataclasses import dataclass

import numpy as np
import torch

from lesson import compute_returns


@dataclass
class Batch:
    states: torch.Tensor
    log_probs: torch.Tensor
    returns: torch.Tensor

    @classmethod
    def of(cls, states, log_probs, rewards, device):
        return cls(
            torch.tensor(np.array(states), dtype=torch.float32, device=device),
            torch.stack(list(log_probs)),
            torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device),
        )


def policy_loss(batch, values):
    return torch.sum(-batch.log_probs * (batch.returns - values.detach()))


def value_loss(batch, values):
    return torch.mean(torch.square(batch.returns - values))


def entropy_of(actor, states):
    return torch.distributions.Categorical(probs=actor(states)).entropy()


def entropy_regularised_step(
    actor,
    critic,
    actor_optimizer,
    critic_optimizer,
    states,
    log_probs,
    rewards,
    *,
    beta: float = 0.01,
):
    batch = Batch.of(states, log_probs, rewards, next(actor.parameters()).device)
    values = critic(batch.states)
    losses = (
        policy_loss(batch, values) - torch.mul(beta, entropy_of(actor, batch.states).sum()),
        value_loss(batch, values),
    )
    for loss, optimizer in zip(losses, (actor_optimizer, critic_optimizer), strict=True):
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return tuple(loss.item() for loss in losses)
