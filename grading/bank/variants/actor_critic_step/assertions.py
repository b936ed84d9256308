"""Asserts everything that it takes for granted."""

import math

import numpy as np
import torch

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    T = len(rewards)
    assert T > 0, "empty episode"
    assert len(states) == T and len(log_probs) == T, "lists of different lengths"
    assert all(lp.dim() == 0 and lp.requires_grad for lp in log_probs)

    device = next(critic.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    assert returns.shape == (T,)
    obs = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    assert obs.ndim == 2 and obs.size(0) == T

    values = critic(obs)
    assert values.shape == returns.shape, f"{values.shape} against {returns.shape}"
    advantages = (returns - values).detach()
    assert not advantages.requires_grad
    assert torch.isfinite(advantages).all()

    log_probs_t = torch.stack(list(log_probs))
    assert log_probs_t.shape == (T,)
    assert (log_probs_t <= 0).all(), "log-probabilities are never positive"
    actor_loss = -(log_probs_t * advantages).sum()
    critic_loss = (returns - values).pow(2).mean()
    assert actor_loss.shape == critic_loss.shape == ()
    assert critic_loss >= 0

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    actor_loss.backward()
    assert all(p.grad is None or not p.grad.any() for p in critic.parameters()), "a leak"
    critic_loss.backward()
    assert all(p.grad is not None for p in critic.parameters())
    assert all(p.grad is not None for p in actor.parameters())
    actor_optimizer.step()
    critic_optimizer.step()

    out = actor_loss.item(), critic_loss.item()
    assert all(isinstance(x, float) and math.isfinite(x) for x in out)
    return out
