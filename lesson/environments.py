"""What kind of environment the lesson can train on."""

from typing import Any

import gymnasium as gym


def dimensions(env: gym.Env[Any, Any]) -> tuple[int, int]:
    """(state_dim, n_actions). Raises ValueError unless states are flat and actions discrete."""
    observations, actions = env.observation_space, env.action_space
    if not (
        isinstance(observations, gym.spaces.Box)
        and len(observations.shape) == 1
        and isinstance(actions, gym.spaces.Discrete)
        and actions.start == 0
    ):
        raise ValueError(
            f"the lesson trains on flat observations and discrete actions; "
            f"this environment has {observations} and {actions}"
        )
    return observations.shape[0], int(actions.n)
