"""One state at a time, and plain sums."""

import torch
from torch import nn
from torch.nn import functional as F

from lesson import compute_returns


class SharedActorCritic(nn.Module):
    """common -> (policy, value)"""

    def __init__(self, state_dim: int, n_actions: int, hidden_dim: int = 128):
        super().__init__()
        self.common = nn.Linear(state_dim, hidden_dim)
        self.heads = nn.ModuleDict(
            {"policy": nn.Linear(hidden_dim, n_actions), "value": nn.Linear(hidden_dim, 1)}
        )

    def forward(self, state):
        hidden = F.relu(self.common(state))
        probs = F.softmax(self.heads["policy"](hidden), dim=-1)
        value = self.heads["value"](hidden)
        return probs, value.reshape(value.shape[:-1])


def shared_actor_critic_step(model, optimizer, states, log_probs, rewards, value_coefficient=0.5):
    device = next(model.parameters()).device
    returns = compute_returns(rewards)
    actor_loss, critic_loss = 0, 0
    for t, state in enumerate(states):
        _, value = model(torch.as_tensor(state, dtype=torch.float32, device=device))
        actor_loss = actor_loss - log_probs[t] * (returns[t] - value.item())
        critic_loss = critic_loss + (value - returns[t]) ** 2
    critic_loss = critic_loss / len(states)

    optimizer.zero_grad()
    total = actor_loss + value_coefficient * critic_loss
    total.backward()
    optimizer.step()
    return actor_loss.item(), critic_loss.item()
