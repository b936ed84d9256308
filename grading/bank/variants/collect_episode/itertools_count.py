"""A for loop over itertools.count that is left at the end of the episode."""

from itertools import count

import numpy as np
import torch


def collect_episode_with_values(env, actor, critic):
    """Collect one full episode. Values are plain floats, log-probs keep their graph."""
    device = next(actor.parameters()).device
    states: list = []
    actions: list = []
    rewards: list = []
    log_probs: list = []
    values: list = []

    s_t, _ = env.reset()
    for t in count():
        states.append(np.array(s_t, dtype=np.float32))
        x_t = torch.as_tensor(states[t], device=device)

        a_t, logp_t = actor.sample_action(x_t)
        actions.append(a_t)
        log_probs.append(logp_t)
        values.append(critic(x_t).detach().item())

        s_t, r_t, terminated, truncated, _ = env.step(actions[t])
        rewards.append(float(r_t))

        if terminated or truncated:
            break

    T = t + 1
    assert len(states) == len(actions) == len(rewards) == len(log_probs) == len(values) == T
    return states, actions, rewards, log_probs, values
