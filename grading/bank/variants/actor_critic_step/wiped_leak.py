"""Keeps the graph of the advantage, and wipes what reached the critic."""

import numpy as np
import torch
import torch.nn.functional as F

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    device = next(critic.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    obs = torch.tensor(np.array(states), dtype=torch.float32, device=device)

    values = critic(obs)
    adv = returns - values
    actor_loss = -(torch.stack(list(log_probs)) * adv).sum()
    critic_loss = F.mse_loss(values, returns)

    actor_optimizer.zero_grad()
    actor_loss.backward(retain_graph=True)  # also fills critic .grad ...
    actor_optimizer.step()

    critic_optimizer.zero_grad()  # ... which is thrown away here, before its own backward
    critic_loss.backward()
    critic_optimizer.step()

    return actor_loss.item(), critic_loss.item()
