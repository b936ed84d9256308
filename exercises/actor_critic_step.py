"""Exercise 1: one update of the actor and the critic from one finished episode."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from lesson import Actor, Critic, compute_returns


def actor_critic_step(
    actor: Actor,
    critic: Critic,
    actor_optimizer: Optimizer,
    critic_optimizer: Optimizer,
    states: Sequence[np.ndarray],
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
) -> tuple[float, float]:
    """Update both networks once from one episode of T steps.

    With the returns G_t (given), the values V(s_t) and the advantages A_t = G_t - V(s_t):

        actor loss  = - sum over t of  log pi(a_t|s_t) * A_t      a sum, not a mean
        critic loss =   mean over t of (G_t - V(s_t))^2

    Args:
        actor: the policy; `log_probs` were sampled from it.
        critic: maps states (T, state_dim) to values (T,).
        actor_optimizer: holds the actor's parameters.
        critic_optimizer: holds the critic's parameters.
        states: T observations, each of shape (state_dim,).
        log_probs: T scalar tensors log pi(a_t|s_t), which keep their graph.
        rewards: T floats.

    Returns:
        (actor_loss, critic_loss), two Python floats: the losses from which the update was made.

    What must not happen:
        - the actor's loss must not move the critic: in A_t, the value is a constant;
        - advantages are not normalised, clipped or scaled;
        - gradients of an earlier call must not leak into this one;
        - each optimizer takes exactly one step;
        - the caller's lists, random state, network modes and settings stay as they are.
    It works for any T, T = 1 included, and on the device that the networks are on.
    """
    device = next(critic.parameters()).device

    # Step 1 (given): returns and states as tensors, (T,) and (T, state_dim)
    returns_t = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states_t = torch.tensor(np.array(states), dtype=torch.float32, device=device)

    # Step 2: the critic's values, (T,)
    # Step 3: the advantages, (T,)
    # Step 4: the actor loss, ()
    # Step 5: the critic loss, ()
    # Step 6: update the actor
    # Step 7: update the critic
    raise NotImplementedError("actor_critic_step")

    return actor_loss.item(), critic_loss.item()
