"""Long comments, full type hints, and a backward for chosen parameters only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from lesson import compute_returns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lesson import Actor, Critic

REAL: Final[torch.dtype] = torch.float32


def actor_critic_step(
    actor: Actor,
    critic: Critic,
    actor_optimizer: torch.optim.Optimizer,
    critic_optimizer: torch.optim.Optimizer,
    states: Sequence[NDArray[np.floating]],
    log_probs: Sequence[torch.Tensor],
    rewards: Sequence[float],
) -> tuple[float, float]:
    # The critic tells us where to put the tensors. I do not assume a CPU.
    where: torch.device = next(critic.parameters()).device

    # Targets. compute_returns already puts them in the order of time, so no flip is needed.
    target: torch.Tensor = torch.tensor(compute_returns(rewards), dtype=REAL, device=where)

    # One forward for the whole episode: (T, state_dim) in, (T,) out.
    observed: torch.Tensor = torch.tensor(np.asarray(states), dtype=REAL, device=where)
    predicted: torch.Tensor = critic(observed)

    # The surprise. I leave the critic's graph attached here on purpose...
    surprise: torch.Tensor = target - predicted
    log_pi: torch.Tensor = torch.stack(list(log_probs))
    actor_loss: torch.Tensor = -(log_pi * surprise).sum()
    critic_loss: torch.Tensor = (surprise**2).mean()

    # ... because `inputs` restricts each backward to one network. The actor's loss is
    # differentiated with respect to the actor only, so to it the critic is a constant, and the
    # critic's part of the graph is still whole when its own turn comes.
    actor_optimizer.zero_grad()
    actor_loss.backward(inputs=list(actor.parameters()), retain_graph=True)

    critic_optimizer.zero_grad()
    critic_loss.backward(inputs=list(critic.parameters()))

    # One step each. The numbers below were computed before it.
    actor_optimizer.step()
    critic_optimizer.step()
    return float(actor_loss.item()), float(critic_loss.item())
