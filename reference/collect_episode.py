"""Exercise 2: play one episode and keep everything that the update needs."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor

from lesson import Actor, Critic


def collect_episode_with_values(
    env: gym.Env[np.ndarray, Any], actor: Actor, critic: Critic
) -> tuple[list[np.ndarray], list[int], list[float], list[Tensor], list[float]]:
    """Play one episode with the actor, and record the critic's value of each state.

    Args:
        env: a gymnasium environment with flat observations and discrete actions.
        actor: `actor.sample_action(state_t)` gives (action, log_prob) for a tensor (state_dim,).
        critic: maps a state tensor (state_dim,) to a scalar tensor ().

    Returns:
        (states, actions, rewards, log_probs, values): five lists of length T, the number of steps.
        At index t stand
            states     s_t, the observation in which a_t was chosen, shape (state_dim,)
            actions    a_t, an int drawn from the policy pi(.|s_t)
            rewards    r_t, a float: what the environment paid for a_t
            log_probs  log pi(a_t|s_t), a scalar tensor with its graph: the actor learns from it
            values     V(s_t), a Python float: nothing learns from it

    The episode ends when the environment says terminated *or* truncated.

    What must not happen:
        - a second reset, a reset with a seed, or a step after the end;
        - s_{t+1} or V(s_{t+1}) in the place of s_t or V(s_t);
        - storing an array that the environment will overwrite: some environments reuse one
          buffer for all observations, so store a copy;
        - closing the environment, changing the networks or seeding anything: that is up to the
          caller.
    """
    device = next(actor.parameters()).device
    states: list[np.ndarray] = []
    actions: list[int] = []
    rewards: list[float] = []
    log_probs: list[Tensor] = []
    values: list[float] = []
    state, _ = env.reset()
    done = False

    while not done:
        state_t = torch.tensor(state, dtype=torch.float32, device=device)

        # Step 1: an action and its log-probability, from the actor
        # Step 2: the value of this state, from the critic
        # Step 3: keep the state, then step the environment
        # Step 4: keep the rest, and move on to the next state
        # BEGIN SOLUTION
        action, log_prob = actor.sample_action(state_t)
        value = critic(state_t).item()

        states.append(np.array(state))
        state, reward, terminated, truncated, _ = env.step(action)
        actions.append(action)
        rewards.append(float(reward))
        log_probs.append(log_prob)
        values.append(value)

        done = terminated or truncated
        # END SOLUTION

    return states, actions, rewards, log_probs, values
