"""A typed dataclass for each step and list comprehensions at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np
import torch

if TYPE_CHECKING:
    from lesson import Actor, Critic


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Everything that belongs to one moment of the episode."""

    state: np.ndarray
    action: int
    reward: float
    log_prob: torch.Tensor
    value: float


def collect_episode_with_values(
    env: gym.Env, actor: Actor, critic: Critic
) -> tuple[list[np.ndarray], list[int], list[float], list[torch.Tensor], list[float]]:
    """Play until terminated or truncated, and return the episode column by column."""
    device = next(actor.parameters()).device
    steps: list[Step] = []
    terminated = truncated = False
    raw, _ = env.reset()

    while not (terminated or truncated):
        state = np.array(raw, copy=True)
        state_t = torch.from_numpy(state).to(device=device, dtype=torch.float32)
        action, log_prob = actor.sample_action(state_t)
        with torch.inference_mode():
            value = critic(state_t).item()
        raw, reward, terminated, truncated, _ = env.step(action)
        steps.append(Step(state, action, float(reward), log_prob, value))

    return (
        [step.state for step in steps],
        [step.action for step in steps],
        [step.reward for step in steps],
        [step.log_prob for step in steps],
        [step.value for step in steps],
    )
