"""A generator plays the episode; the function only sorts what it yields."""

import torch


def _play(env, actor, critic):
    """Yield (state, action, reward, log_prob, value), once for each step."""
    device = next(actor.parameters()).device
    observation, _ = env.reset()
    over = False
    while not over:
        state = observation.copy()
        x = torch.tensor(state, dtype=torch.float32, device=device)
        action, log_prob = actor.sample_action(x)
        value = critic(x).item()
        observation, reward, terminated, truncated, _ = env.step(action)
        over = terminated or truncated
        yield state, action, float(reward), log_prob, value


def collect_episode_with_values(env, actor, critic):
    columns = zip(*_play(env, actor, critic))
    return tuple(list(column) for column in columns)
