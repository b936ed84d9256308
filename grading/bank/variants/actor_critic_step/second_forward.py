"""Two forwards of the critic: one without a graph, one with."""

import numpy as np
import torch

from lesson import compute_returns


def baseline(critic, x):
    with torch.no_grad():
        return critic(x)


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    x = torch.tensor(np.array(states), dtype=torch.float32)
    y = torch.tensor(compute_returns(rewards), dtype=torch.float32)
    device = next(critic.parameters()).device
    x, y = x.to(device), y.to(device)

    # Policy
    adv = y - baseline(critic, x)
    actor_loss = torch.zeros((), device=device)
    for lp, a in zip(log_probs, adv, strict=True):
        actor_loss -= lp * a
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()

    # Value: a plain regression of y on x
    errors = critic(x) - y
    critic_loss = errors.pow(2).sum() / errors.numel()
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()

    return actor_loss.item(), critic_loss.item()
