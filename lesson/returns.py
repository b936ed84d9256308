"""Returns and advantages: what happened, and how much better it was than expected."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lesson.networks import Critic

GAMMA = 0.99
"""The discount: a reward k steps away counts GAMMA**k."""


def compute_returns(rewards: Sequence[float], gamma: float = GAMMA) -> list[float]:
    """Discounted Monte-Carlo returns G_t = r_t + gamma * G_{t+1}, with G_T = 0 after the end.

    `rewards` are the T rewards of one episode in the order of time; so are the T returns.
    Source: Sutton and Barto, "Reinforcement Learning", 2nd edition, equation 3.9.
    """
    returns: list[float] = []
    following = 0.0
    for reward in reversed(rewards):
        following = reward + gamma * following
        returns.append(following)
    returns.reverse()
    return returns


def compute_advantages(
    returns: Sequence[float], states: Sequence[np.ndarray], critic: Critic
) -> tuple[Tensor, Tensor, Tensor]:
    """Advantages A_t = G_t - V(s_t), with V a constant: no gradient reaches the critic.

    Takes T returns and T states of shape (state_dim,). Gives (advantages, returns, values), each
    of shape (T,), on the device of the critic.
    """
    device = next(critic.parameters()).device
    returns_t = torch.tensor(returns, dtype=torch.float32, device=device)
    states_t = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    with torch.no_grad():
        values = critic(states_t)
    return returns_t - values, returns_t, values
