"""States kept in float64, keyword options for a step limit and a printout."""

import numpy as np
import torch


def collect_episode_with_values(env, actor, critic, max_steps=None, verbose=False):
    """Play one episode.

    :param max_steps: stop early after so many steps; None (the default) means no limit
    :param verbose: print a line for each step
    :return: list of states, actions, rewards, log_probs, values
    """
    device = next(actor.parameters()).device
    states, actions, rewards, log_probs, values = [], [], [], [], []
    state, info = env.reset()
    done = False
    n = 0

    while not done and (max_steps is None or n < max_steps):
        state64 = np.array(state, dtype=np.float64)
        net_input = torch.tensor(state64, dtype=torch.float32, device=device)

        dist = torch.distributions.Categorical(probs=actor(net_input))
        action = dist.sample()
        log_prob = dist.log_prob(action)
        value = critic(net_input).item()

        state, reward, terminated, truncated, info = env.step(action.item())
        if verbose:
            print(f"step {n}: action {action.item()}, reward {reward}, value {value:.3f}")

        states.append(state64)
        actions.append(action.item())
        rewards.append(float(reward))
        log_probs.append(log_prob)
        values.append(value)

        done = terminated or truncated
        n += 1

    return [states, actions, rewards, log_probs, values]
