"""One backward for the sum of the two losses."""

import numpy as np
import torch
import torch.nn.functional as F

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    dev = next(critic.parameters()).device
    R = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=dev)
    obs = torch.tensor(np.array(states), dtype=torch.float32, device=dev)

    V = critic(obs)
    adv = (R - V).detach()
    pg_loss = -(torch.stack(list(log_probs)) * adv).sum()
    v_loss = F.mse_loss(V, R)

    # No parameter is shared and adv is detached, so each network
    # gets the gradient of its own loss only. Weights: 1 and 1.
    loss = pg_loss + v_loss

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    loss.backward()
    actor_optimizer.step()
    critic_optimizer.step()

    return pg_loss.item(), v_loss.item()
