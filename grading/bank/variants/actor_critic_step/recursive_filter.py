"""Returns as the output of a recursive filter, run backwards in time."""

import numpy as np
import torch
from torch.nn import functional as nnf

from lesson import GAMMA


def lfilter(b, a, x):
    """Direct form, like scipy.signal.lfilter: a[0] y[n] = sum b[i] x[n-i] - sum a[j] y[n-j]."""
    y = np.zeros(len(x), dtype=np.float64)
    for n in range(len(x)):
        acc = 0.0
        for i, bi in enumerate(b):
            if n >= i:
                acc += bi * x[n - i]
        for j, aj in enumerate(a[1:], start=1):
            if n >= j:
                acc -= aj * y[n - j]
        y[n] = acc / a[0]
    return y


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    device = next(critic.parameters()).device

    x = np.array(rewards, dtype=np.float64)
    g = lfilter([1.0], [1.0, -GAMMA], x[::-1])[::-1].copy()
    g = torch.as_tensor(g, dtype=torch.float32, device=device)

    s = torch.as_tensor(np.stack(states), dtype=torch.float32, device=device)
    v = critic(s)
    a = g - v.clone().detach()

    actor_loss = -sum(lp * ai for lp, ai in zip(log_probs, a, strict=True))
    critic_loss = nnf.mse_loss(input=v, target=g, reduction="mean")

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    actor_loss.backward()
    critic_loss.backward()
    actor_optimizer.step()
    critic_optimizer.step()
    return actor_loss.item(), critic_loss.item()
