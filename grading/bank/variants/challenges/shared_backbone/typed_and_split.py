"""Small functions, a named tuple, and keyword-only settings."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lesson import compute_returns


class Heads(NamedTuple):
    probs: Tensor
    values: Tensor


class SharedActorCritic(nn.Module):
    def __init__(self, state_dim: int, n_actions: int, hidden_dim: int = 128) -> None:
        super().__init__()
        self.encoder = nn.Linear(state_dim, hidden_dim)
        self.to_logits = nn.Linear(hidden_dim, n_actions)
        self.to_value = nn.Linear(hidden_dim, 1)

    def encode(self, state: Tensor) -> Tensor:
        return torch.relu(self.encoder(state))

    def forward(self, state: Tensor) -> Heads:
        code = self.encode(state)
        return Heads(
            torch.log_softmax(self.to_logits(code), dim=-1).exp(),
            self.to_value(code).flatten(start_dim=-2)
            if state.dim() > 1
            else self.to_value(code)[0],
        )


def losses(model: SharedActorCritic, states, log_probs, rewards) -> tuple[Tensor, Tensor]:
    device = next(model.parameters()).device
    targets = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    values = model(torch.tensor(np.stack(states), dtype=torch.float32, device=device)).values
    advantages = targets - values.detach()
    policy_gradient = -sum(lp * a for lp, a in zip(log_probs, advantages))
    return policy_gradient, torch.mean((targets - values) ** 2)


def shared_actor_critic_step(
    model, optimizer, states, log_probs, rewards, value_coefficient: float = 0.5
) -> tuple[float, float]:
    actor_loss, critic_loss = losses(model, states, log_probs, rewards)
    optimizer.zero_grad(set_to_none=False)
    torch.add(actor_loss, critic_loss, alpha=value_coefficient).backward()
    optimizer.step()
    return actor_loss.item(), critic_loss.item()
