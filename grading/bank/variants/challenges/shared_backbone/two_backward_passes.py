"""Each loss goes back by itself; the gradients add up before the one step."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lesson import compute_returns


class SharedActorCritic(nn.Module):
    def __init__(self, state_dim, n_actions, hidden_dim=128):
        super().__init__()
        self.base = nn.Linear(state_dim, hidden_dim)
        self.actor = nn.Linear(hidden_dim, n_actions)
        self.critic = nn.Linear(hidden_dim, 1)

    def forward(self, state):
        x = self.base(state).relu()
        return self.actor(x).softmax(-1), self.critic(x).squeeze(-1)


def shared_actor_critic_step(model, optimizer, states, log_probs, rewards, value_coefficient=0.5):
    device = next(model.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    batch = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    values = model(batch)[1]
    actor_loss = -(torch.stack(list(log_probs)) * (returns - values.detach())).sum()
    critic_loss = F.mse_loss(values, returns)

    optimizer.zero_grad()
    actor_loss.backward()
    (value_coefficient * critic_loss).backward()
    optimizer.step()
    return actor_loss.item(), critic_loss.item()
