"""The critic is updated first; the advantage was computed before."""

import numpy as np
import torch
from torch import nn

from lesson import compute_returns

criterion = nn.MSELoss()


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    """Fit the value function, then improve the policy with the *old* advantages."""
    device = next(critic.parameters()).device
    returns = torch.FloatTensor(compute_returns(rewards)).to(device)
    states_tensor = torch.FloatTensor(np.array(states)).to(device)

    values = critic(states_tensor)
    advantages = returns - values.data.clone()

    # ---- critic ----
    critic_loss = criterion(values, returns)
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()

    # ---- actor ----
    policy_loss = []
    for log_prob, advantage in zip(log_probs, advantages, strict=False):
        policy_loss.append(-log_prob * advantage)
    policy_loss = torch.stack(policy_loss).sum()
    actor_optimizer.zero_grad()
    policy_loss.backward()
    actor_optimizer.step()

    return policy_loss.item(), critic_loss.item()
