"""A fresh numpy Generator for each episode draws the actions."""

import numpy as np
import torch


def collect_episode_with_values(env, actor, critic):
    """
    Roll out one episode under the current policy.

    Parameters
    ----------
    env : gymnasium.Env
    actor, critic : torch modules, left as they are

    Returns
    -------
    tuple of five lists: states, actions, rewards, log-probabilities, values
    """
    rng = np.random.default_rng()  # entropy from the operating system, new in every call
    device = next(actor.parameters()).device
    record = []

    state, _ = env.reset()
    while True:
        state = np.asarray(state).astype(np.float32)  # astype copies by default
        tensor = torch.tensor(state, device=device)

        pi = actor(tensor)
        weights = np.asarray(pi.tolist())
        action = rng.choice(weights.size, p=weights / weights.sum())  # an np.int64

        following, reward, terminated, truncated, _ = env.step(int(action))
        record.append(
            (state, int(action), float(reward), pi[int(action)].log(), critic(tensor).item())
        )
        if terminated or truncated:
            break
        state = following

    states, actions, rewards, log_probs, values = map(list, zip(*record))
    return states, actions, rewards, log_probs, values
