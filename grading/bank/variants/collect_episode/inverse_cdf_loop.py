"""Inverse-CDF sampling: one uniform number against the running sum."""

import torch


def sample_index(probabilities):
    """Walk along the probabilities until the uniform number is used up."""
    total = sum(probabilities)
    left = torch.rand(1, dtype=torch.float64).item() * total
    last_possible = 0
    for index, p in enumerate(probabilities):
        if p <= 0.0:
            continue
        last_possible = index
        if left < p:
            return index
        left -= p
    return last_possible  # only reached through rounding


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device

    states = []
    actions = []
    rewards = []
    log_probs = []
    values = []

    current, _ = env.reset()
    terminated = truncated = False
    while not (terminated or truncated):
        states.append(current.copy())
        x = torch.tensor(states[-1], dtype=torch.float32, device=device)

        p = actor(x)
        k = sample_index(p.tolist())
        actions.append(k)
        log_probs.append(p[k].log())

        with torch.no_grad():
            values.append(critic(x).tolist())  # tolist() of a scalar tensor is a float

        current, r, terminated, truncated, _ = env.step(k)
        rewards.append(float(r))

    return [states, actions, rewards, log_probs, values]
