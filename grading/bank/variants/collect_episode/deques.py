"""Fills five deques through a small helper and turns them into lists."""

from collections import deque

import torch


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device
    queues = tuple(deque() for _ in range(5))

    def remember(*items):
        for queue, item in zip(queues, items):
            queue.append(item)

    obs, _ = env.reset()
    running = True

    while running:
        obs_before = obs.copy()
        obs_tensor = torch.tensor(obs_before, dtype=torch.float32).to(device)

        a, lp = actor.sample_action(obs_tensor)

        # the critic is only asked, it does not learn from this
        with torch.no_grad():
            v = critic(obs_tensor).cpu().numpy().item()

        obs, r, terminated, truncated, _ = env.step(a)
        remember(obs_before, a, float(r), lp, v)

        if terminated:
            running = False
        if truncated:
            running = False

    states, actions, rewards, log_probs, values = (list(queue) for queue in queues)
    return states, actions, rewards, log_probs, values
