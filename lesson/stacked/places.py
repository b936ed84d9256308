"""Environments side by side: one call steps all of them, and any of them can stand idle."""

from typing import Any, Protocol

import gymnasium as gym
import numpy as np

from lesson.environments import dimensions

VECTORISED = ("CartPole-v1",)
"""Those whose vector form in gymnasium computes all environments at once."""


class Places(Protocol):
    """n environments of one kind."""

    state_dim: int
    n_actions: int
    max_steps: int

    def reset(self, seed: int) -> np.ndarray:
        """Begin an episode in each; (n, state_dim) observations, float32."""

    def step(
        self, actions: np.ndarray, idle: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One step wherever it is not idle: (observations, rewards, whether it was the last).

        Takes (n,) actions and (n,) booleans. Who is idle shows the beginning of a new episode; who
        has taken the last step of one has to be idle next.
        """


def places(env_name: str, n: int) -> Places:
    """N environments; raises ValueError if the lesson cannot train on this kind."""
    with gym.make(env_name) as env:
        state_dim, n_actions = dimensions(env)
        limit = env.spec and env.spec.max_episode_steps
    if not limit:
        raise ValueError(f"{env_name} has no time limit: an episode might never end")
    kind = AtOnce if env_name in VECTORISED else OneByOne
    return kind(env_name, n, state_dim, n_actions, limit)


class AtOnce:
    """Environments that gymnasium computes at once."""

    def __init__(self, env_name: str, n: int, state_dim: int, n_actions: int, max_steps: int):
        self.state_dim, self.n_actions, self.max_steps = state_dim, n_actions, max_steps
        self._env: Any = gym.make_vec(env_name, num_envs=n, vectorization_mode="vector_entry_point")

    def reset(self, seed: int) -> np.ndarray:
        """Begin an episode in each."""
        return np.ascontiguousarray(self._env.reset(seed=seed)[0])

    def step(
        self, actions: np.ndarray, idle: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One step in each that is not idle."""
        # The next step only resets those who are done, so an idle one always has a fresh start.
        self._env.unwrapped.prev_done |= idle
        observations, rewards, terminated, truncated, _ = self._env.step(actions)
        return np.ascontiguousarray(observations), rewards, (terminated | truncated) & ~idle


class OneByOne:
    """Environments of any kind, one call each."""

    def __init__(self, env_name: str, n: int, state_dim: int, n_actions: int, max_steps: int):
        self.state_dim, self.n_actions, self.max_steps = state_dim, n_actions, max_steps
        self._envs = [gym.make(env_name) for _ in range(n)]
        self._shown = np.zeros((n, state_dim), np.float32)
        self._fresh = np.zeros(n, bool)

    def reset(self, seed: int) -> np.ndarray:
        """Begin an episode in each."""
        for i, own in enumerate(np.random.SeedSequence(seed).generate_state(len(self._envs))):
            self._shown[i] = self._envs[i].reset(seed=int(own))[0]
        self._fresh[:] = True
        return self._shown.copy()

    def step(
        self, actions: np.ndarray, idle: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One step in each that is not idle."""
        rewards = np.zeros(len(actions))
        over = np.zeros(len(actions), bool)
        for i in np.flatnonzero(idle & ~self._fresh):
            self._shown[i] = self._envs[i].reset()[0]
        for i in np.flatnonzero(~idle):
            self._shown[i], paid, terminated, truncated, _ = self._envs[i].step(int(actions[i]))
            rewards[i], over[i] = float(paid), terminated or truncated
        self._fresh = idle.copy()
        return self._shown.copy(), rewards, over
