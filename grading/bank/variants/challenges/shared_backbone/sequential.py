"""nn.Sequential for the trunk, and for the policy with its softmax."""

import numpy as np
import torch
from torch import nn

from lesson import compute_returns


class SharedActorCritic(nn.Module):
    def __init__(self, state_dim, n_actions, hidden_dim=128):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(state_dim, hidden_dim), nn.ReLU())
        self.policy = nn.Sequential(nn.Linear(hidden_dim, n_actions), nn.Softmax(dim=-1))
        self.value = nn.Linear(hidden_dim, 1)

    def forward(self, state):
        features = self.trunk(state)
        return self.policy(features), self.value(features).squeeze(-1)


def shared_actor_critic_step(model, optimizer, states, log_probs, rewards, value_coefficient=0.5):
    device = next(model.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    _, values = model(states)
    advantages = (returns - values).detach()
    actor_loss = torch.sum(-torch.stack(list(log_probs)) * advantages)
    critic_loss = nn.functional.mse_loss(values, returns)
    loss = actor_loss + value_coefficient * critic_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return actor_loss.item(), critic_loss.item()
