"""A namedtuple for each step, unzipped at the end."""

from collections import namedtuple

import numpy as np
import torch

Transition = namedtuple("Transition", ["state", "action", "reward", "log_prob", "value"])


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device
    transitions = []

    state, _ = env.reset()
    done = False
    while not done:
        state = np.array(state)
        state_t = torch.tensor(state, dtype=torch.float32, device=device)
        action, log_prob = actor.sample_action(state_t)
        with torch.no_grad():
            value = float(critic(state_t))

        next_state, reward, terminated, truncated, _ = env.step(action)
        transitions.append(Transition(state, action, float(reward), log_prob, value))

        state = next_state
        done = terminated or truncated

    episode = Transition(*zip(*transitions))
    return (
        list(episode.state),
        list(episode.action),
        list(episode.reward),
        list(episode.log_prob),
        list(episode.value),
    )
