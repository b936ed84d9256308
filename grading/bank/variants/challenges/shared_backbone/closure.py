"""The optimizer steps with a closure; the trunk is initialised with xavier weights."""

import numpy as np
import torch
from torch import nn

from lesson import compute_returns


class SharedActorCritic(nn.Module):
    def __init__(self, state_dim, n_actions, hidden_dim=128):
        super().__init__()
        self.hidden = nn.Linear(state_dim, hidden_dim)
        nn.init.xavier_uniform_(self.hidden.weight)
        self.policy = nn.Linear(hidden_dim, n_actions)
        self.value = nn.Linear(hidden_dim, 1)
        self.activation = nn.ReLU()

    def forward(self, state):
        z = self.activation(self.hidden(state))
        return torch.softmax(self.policy(z), dim=-1), torch.squeeze(self.value(z), dim=-1)


def shared_actor_critic_step(model, optimizer, states, log_probs, rewards, value_coefficient=0.5):
    device = next(model.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    observations = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    seen = {}

    def closure():
        optimizer.zero_grad()
        _, values = model(observations)
        advantages = returns - values.detach()
        seen["actor"] = -(torch.stack(list(log_probs)) * advantages).sum()
        seen["critic"] = ((returns - values) ** 2).mean()
        total = seen["actor"] + value_coefficient * seen["critic"]
        total.backward()
        return total

    optimizer.step(closure)
    return seen["actor"].item(), seen["critic"].item()
