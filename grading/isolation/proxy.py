"""The environment as a worker has it: `reset` and `step` ask the trusted side, which has the truth.

Only plain data comes over: observations, rewards, ends. `info` is empty, as it is in the course.
"""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from grading.environments import EpisodeOver, Spaces, no_action

Ask = Callable[..., list[Any]]
"""Sends a request of the environment, and gives the answer."""


class ProxyEnv(gym.Env[np.ndarray, int]):
    """An environment that is somewhere else."""

    def __init__(self, ask: Ask, spaces: Spaces, *, reuse_buffer: bool = False) -> None:
        self._ask = ask
        self._reuse_buffer = reuse_buffer
        self._buffer = np.empty_like(spaces.low)
        self.observation_space = gym.spaces.Box(spaces.low, spaces.high, dtype=np.float32)
        self.action_space = gym.spaces.Discrete(spaces.n_actions)  # type: ignore[assignment] # numpy's int

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002 - gymnasium's signature
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode. Raises EpisodeOver, and gymnasium's Error for a bad seed."""
        (observation,) = self._answer("reset", seed if seed is None else int(seed))
        return self._observe(observation), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One step. Raises EpisodeOver after an end, and ValueError for an action that is none."""
        if self.action_space.contains(action):
            answer = self._answer("step", int(action))
        else:
            self._answer("step", None)  # it may be over, which would be said first
            raise no_action(action, int(self.action_space.n))  # type: ignore[attr-defined]
        observation, reward, terminated, truncated = answer
        return self._observe(observation), reward, terminated, truncated, {}

    def close(self) -> None:
        """Say that it was closed."""
        self._answer("close")

    def _answer(self, *request: object) -> list[Any]:
        kind, *answer = self._ask(*request)
        if kind == "over":
            raise EpisodeOver(answer[0])
        if kind == "error":
            raise gym.error.Error(answer[0])
        return answer

    def _observe(self, content: bytes) -> np.ndarray:
        observation = np.frombuffer(content, np.float32)
        if not self._reuse_buffer:
            return observation.copy()
        self._buffer[:] = observation
        return self._buffer
