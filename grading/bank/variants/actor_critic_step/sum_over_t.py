"""Squared errors summed and divided by T; log-probs joined with cat."""

import numpy as np
import torch as th
import torch.nn.functional as F

from lesson import GAMMA


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    """Vanilla policy gradient with a learned baseline."""
    device = next(critic.parameters()).device
    T = len(rewards)

    # rewards-to-go, straight from the definition
    rtg = [sum(GAMMA ** (k - t) * rewards[k] for k in range(t, T)) for t in range(T)]
    rtg = th.as_tensor(rtg, dtype=th.float32, device=device)

    obs = th.as_tensor(np.array(states, dtype=np.float32), device=device)
    val = critic(obs).view(-1)
    adv = rtg - val.detach()

    logp = th.cat([lp.reshape(1) for lp in log_probs])
    pi_loss = -(logp * adv).sum()
    v_loss = F.mse_loss(val, rtg, reduction="sum") / T

    actor_optimizer.zero_grad()
    pi_loss.backward()
    actor_optimizer.step()
    critic_optimizer.zero_grad()
    v_loss.backward()
    critic_optimizer.step()

    return pi_loss.item(), v_loss.item()
