"""Environments that keep the truth: one that plays a script, and a recorder around any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from grading.outcome import Trajectory, TrueStep

MAX_RESETS = 100
"""A collector that resets in every round of its loop would never come to an end."""


class EpisodeOver(RuntimeError):
    """The environment was stepped after the end of its episode, or reset without end."""


@dataclass(frozen=True, eq=False)
class Spaces:
    """What is known of an environment before it is played: bounds of a state, actions."""

    low: np.ndarray
    high: np.ndarray
    n_actions: int


def spaces_of(env: gym.Env[Any, Any]) -> Spaces:
    """The spaces of an environment with flat observations and discrete actions."""
    observations, actions = env.observation_space, env.action_space
    assert isinstance(observations, gym.spaces.Box)
    assert isinstance(actions, gym.spaces.Discrete)
    return Spaces(observations.low, observations.high, int(actions.n))


def no_action(action: object, n_actions: int) -> ValueError:
    """What to raise of an action that is none."""
    return ValueError(
        f"env.step got the action {action!r} ({type(action).__name__}); "
        f"this environment takes an int from 0 to {n_actions - 1}"
    )


class ScriptedEnv(gym.Env[np.ndarray, int]):
    """Shows given observations and pays given rewards, whatever is done.

    Args:
        observations: (T + 1, state_dim); the last one is seen after the end.
        rewards: the T rewards.
        n_actions: number of actions.
        terminated, truncated: how the T-th step ends the episode; at least one is true.
        reuse_buffer: hand out one array for all observations and overwrite it, as some
            environments do to save memory.
    """

    def __init__(
        self,
        observations: np.ndarray,
        rewards: Sequence[float],
        n_actions: int,
        *,
        terminated: bool,
        truncated: bool,
        reuse_buffer: bool = False,
    ) -> None:
        self._observations = observations
        self._rewards = rewards
        self._ending = (terminated, truncated)
        self._reuse_buffer = reuse_buffer
        self._buffer = np.empty_like(observations[0])
        self._now = 0
        self.observation_space = gym.spaces.Box(
            -np.inf, np.inf, observations.shape[1:], dtype=np.float32
        )
        self.action_space = gym.spaces.Discrete(n_actions)  # type: ignore[assignment] # numpy's int

    def _observe(self) -> np.ndarray:
        if not self._reuse_buffer:
            return self._observations[self._now].copy()
        self._buffer[:] = self._observations[self._now]
        return self._buffer

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002 - gymnasium's signature
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Back to the first observation."""
        super().reset(seed=seed)
        self._now = 0
        return self._observe(), {}

    def step(
        self,
        action: int,  # noqa: ARG002 - the script goes on whatever is done
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """The next observation and reward of the script."""
        reward = self._rewards[self._now]
        self._now += 1
        over = self._now == len(self._rewards)
        terminated, truncated = self._ending if over else (False, False)
        return self._observe(), reward, terminated, truncated, {}


class Recorder(gym.Wrapper[np.ndarray, int, np.ndarray, int]):
    """Records every reset and step of an environment, and refuses steps after the end.

    `step` raises EpisodeOver after an end without a reset (an endless loop otherwise, for a
    collector that overlooks the end), as does `reset` after MAX_RESETS; an action that is none is
    a ValueError.
    """

    def __init__(self, env: gym.Env[np.ndarray, int]) -> None:
        super().__init__(env)
        self._reset_seeds: list[int | None] = []
        self._steps: list[TrueStep] = []
        self._state: np.ndarray | None = None
        self._ended = ""
        self._episodes = 0
        self._closed = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Reset, and record the seed that was asked for."""
        if len(self._reset_seeds) == MAX_RESETS:
            raise EpisodeOver(
                f"env.reset was called again and again: {MAX_RESETS} times for one episode"
            )
        self._reset_seeds.append(seed)
        state, info = self.env.reset(seed=seed, options=options)
        self._state = np.array(state)
        self._ended = ""
        return state, info

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Step, and record what really happened."""
        if self._ended:
            raise EpisodeOver(
                f"env.step was called after the episode had ended ({self._ended}=True)"
            )
        if self._state is None:
            raise EpisodeOver("env.step was called before env.reset")
        if not self.env.action_space.contains(action):
            raise no_action(action, spaces_of(self.env).n_actions)
        state, reward, terminated, truncated, info = self.env.step(action)
        self._steps.append(TrueStep(self._state, int(action), float(reward)))
        self._state = np.array(state)
        self._ended = "terminated" if terminated else "truncated" if truncated else ""
        self._episodes += bool(self._ended)
        return state, float(reward), bool(terminated), bool(truncated), info

    @property
    def steps_taken(self) -> int:
        """How often it was stepped."""
        return len(self._steps)

    def close(self) -> None:
        """Record that the caller's environment was closed; the caller closes the real one."""
        self._closed = True

    def trajectory(self) -> Trajectory:
        """Everything so far, as plain data."""
        return Trajectory(
            reset_seeds=tuple(self._reset_seeds),
            steps=tuple(self._steps),
            episodes=self._episodes,
            closed=self._closed,
        )
