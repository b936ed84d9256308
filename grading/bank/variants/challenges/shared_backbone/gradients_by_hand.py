"""torch.autograd.grad, and .grad set by hand."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lesson import compute_returns


class SharedActorCritic(nn.Module):
    def __init__(self, state_dim, n_actions, hidden_dim=128):
        super().__init__()
        self.layers = nn.ModuleList(
            [
                nn.Linear(state_dim, hidden_dim),
                nn.Linear(hidden_dim, n_actions),
                nn.Linear(hidden_dim, 1),
            ]
        )

    def forward(self, state):
        first, policy, value = self.layers
        hidden = F.relu(first(state))
        return F.softmax(policy(hidden), dim=-1), value(hidden).squeeze(-1)


def shared_actor_critic_step(model, optimizer, states, log_probs, rewards, value_coefficient=0.5):
    device = next(model.parameters()).device
    R = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    S = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    V = model(S)[1]
    actor_loss = -(torch.stack(list(log_probs)) * (R - V.detach())).sum()
    critic_loss = (R - V).pow(2).mean()
    parameters = list(model.parameters())
    for p, g in zip(
        parameters, torch.autograd.grad(actor_loss + value_coefficient * critic_loss, parameters)
    ):
        p.grad = g
    optimizer.step()
    return actor_loss.item(), critic_loss.item()
