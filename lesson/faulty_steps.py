"""Four updates with a fault, to try a test of updates on; see the challenge "the bug hunt".

Each looks like an `actor_critic_step` from outside, and none of them is one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from lesson.networks import Actor, Critic

Step = Callable[..., Any]


def does_nothing(
    actor: Actor,  # noqa: ARG001 - left alone, which is the fault
    critic: Critic,  # noqa: ARG001
    actor_optimizer: Optimizer,  # noqa: ARG001
    critic_optimizer: Optimizer,  # noqa: ARG001
    states: Sequence[np.ndarray],  # noqa: ARG001
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
) -> tuple[float, float]:
    """Returns two numbers that could be losses, and leaves both networks as they are."""
    return -torch.stack(list(log_probs)).sum().item(), float(np.mean(np.square(rewards)))


def shakes_the_weights(
    actor: Actor,
    critic: Critic,
    actor_optimizer: Optimizer,  # noqa: ARG001 - never asked, which is the fault
    critic_optimizer: Optimizer,  # noqa: ARG001
    states: Sequence[np.ndarray],  # noqa: ARG001
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
) -> tuple[float, float]:
    """Both networks change; in any direction."""
    with torch.no_grad():
        for parameter in (*actor.parameters(), *critic.parameters()):
            parameter.add_(0.01 * torch.randn_like(parameter))
    return -torch.stack(list(log_probs)).sum().item(), float(np.mean(np.square(rewards)))


def reinforces_rewards(
    actor: Actor,  # noqa: ARG001 - its optimizer knows it
    critic: Critic,  # noqa: ARG001 - left alone, which is a fault
    actor_optimizer: Optimizer,
    critic_optimizer: Optimizer,  # noqa: ARG001
    states: Sequence[np.ndarray],  # noqa: ARG001
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
) -> tuple[float, float]:
    """Each action is weighted with the one reward that followed it; the critic is not asked."""
    loss = sum((-p * r for p, r in zip(log_probs, rewards, strict=True)), torch.zeros(()))
    actor_optimizer.zero_grad()
    loss.backward()
    actor_optimizer.step()
    return loss.item(), 0.0


def returns_tensors(
    actor: Actor,
    critic: Critic,
    actor_optimizer: Optimizer,
    critic_optimizer: Optimizer,
    states: Sequence[np.ndarray],
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
) -> tuple[Tensor, Tensor]:
    """The same, and what it returns are no floats."""
    actor_loss, critic_loss = reinforces_rewards(
        actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards
    )
    return torch.tensor(actor_loss), torch.tensor(critic_loss)


EXAMPLES: dict[str, Step] = {
    step.__name__: step
    for step in (does_nothing, shakes_the_weights, reinforces_rewards, returns_tensors)
}
