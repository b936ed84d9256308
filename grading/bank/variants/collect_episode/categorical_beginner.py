"""Samples with a Categorical of its own and takes one line for every thing."""

import numpy as np
import torch
from torch.distributions import Categorical


def collect_episode_with_values(env, actor, critic):
    # which device are we on?
    device = next(actor.parameters()).device

    # the five lists that I have to fill
    all_states = []
    all_actions = []
    all_rewards = []
    all_log_probs = []
    all_values = []

    obs, info = env.reset()
    terminated = False
    truncated = False

    while not terminated and not truncated:
        # make a copy first, the env could change obs later!
        obs_copy = np.array(obs)
        x = torch.tensor(obs_copy, dtype=torch.float32).to(device)

        # actor: what to do
        probabilities = actor(x)
        distribution = Categorical(probabilities)
        action_tensor = distribution.sample()
        log_prob = distribution.log_prob(action_tensor)
        action = action_tensor.item()

        # critic: how good is it here (only a number, so no gradient)
        with torch.no_grad():
            value = critic(x)
        value = value.item()

        # do it
        obs, reward, terminated, truncated, info = env.step(action)

        # remember it
        all_states.append(obs_copy)
        all_actions.append(action)
        all_rewards.append(float(reward))
        all_log_probs.append(log_prob)
        all_values.append(value)

    return all_states, all_actions, all_rewards, all_log_probs, all_values
