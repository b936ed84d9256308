"""The formula of the entropy, written out."""

import numpy as np
import torch
import torch.nn.functional as F

from lesson import compute_returns


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=0.01
):
    device = next(critic.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states = torch.tensor(np.array(states), dtype=torch.float32, device=device)

    values = critic(states)
    advantages = returns - values.detach()

    p = actor(states)
    entropy = -(p * torch.log(p + 1e-12)).sum(dim=1)

    actor_loss = -(torch.stack(list(log_probs)) * advantages).sum() - beta * entropy.sum()
    critic_loss = F.mse_loss(values, returns)

    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()
    return actor_loss.item(), critic_loss.item()
