"""The bonus is only made where beta is not zero."""

import numpy as np
import torch
import torch.nn.functional as F

from lesson import compute_returns


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=1e-2
):
    device = next(critic.parameters()).device
    returns_t = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states_t = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    values = critic(states_t)
    advantages = returns_t - values.detach()
    actor_loss = -(torch.stack(list(log_probs)) * advantages).sum()
    if beta:
        probs = actor(states_t)
        actor_loss -= beta * torch.xlogy(probs, probs).sum().neg()
    critic_loss = F.mse_loss(values, returns_t)

    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()

    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()
    return actor_loss.item(), critic_loss.item()
