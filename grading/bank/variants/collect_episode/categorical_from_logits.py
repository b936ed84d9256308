"""Categorical built from log-probabilities instead of probabilities."""

import torch
from torch.distributions import Categorical


def _policy(actor, x):
    """pi(.|x) as a distribution; the clamp keeps log(0) out of it."""
    probs = actor(x)
    return Categorical(logits=probs.clamp_min(torch.finfo(probs.dtype).tiny).log())


def collect_episode_with_values(env, actor, critic):
    """One rollout: (states, actions, rewards, log_probs, values)."""
    dev = next(actor.parameters()).device
    S, A, R, L, V = [], [], [], [], []

    s, _ = env.reset()
    over = False
    while not over:
        s = s.copy()
        x = torch.as_tensor(s, dtype=torch.float32, device=dev)

        pi = _policy(actor, x)
        a = pi.sample()

        S.append(s)
        A.append(int(a))
        L.append(pi.log_prob(a))
        V.append(float(critic(x)))

        s, r, terminated, truncated, _ = env.step(A[-1])
        R.append(float(r))
        over = terminated or truncated

    return S, A, R, L, V
