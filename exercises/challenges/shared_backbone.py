"""Challenge: one network with two heads, a policy and a value."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from lesson import compute_returns


class SharedActorCritic(nn.Module):
    """Actor and critic on a common trunk: three linear layers, each with a bias.

    trunk           h = relu(W s + b), hidden_dim numbers
    policy head     pi(.|s) = softmax(W_pi h + b_pi), n_actions probabilities
    value head      V(s) = w_V h + b_V, one number

    Source: Mnih et al., "Asynchronous Methods for Deep Reinforcement Learning", 2016, section 5.1.
    """

    def __init__(self, state_dim: int, n_actions: int, hidden_dim: int = 128) -> None:
        """Make the three layers; there are no other parameters."""
        super().__init__()
        raise NotImplementedError("__init__")

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities and value, each from one pass through the trunk.

        (state_dim,) -> (n_actions,) and (); (T, state_dim) -> (T, n_actions) and (T,).
        """
        raise NotImplementedError("forward")


def shared_actor_critic_step(
    model: SharedActorCritic,
    optimizer: Optimizer,
    states: Sequence[np.ndarray],
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
    value_coefficient: float = 0.5,
) -> tuple[float, float]:
    """Update the model once from one finished episode of T steps.

    With the returns G_t, the values V(s_t) and the advantages A_t = G_t - V(s_t) of exercise 1:

        actor loss  = - sum over t of  log pi(a_t|s_t) * A_t
        critic loss =   mean over t of (G_t - V(s_t))^2
        total       =   actor loss + value_coefficient * critic loss

    The optimizer takes one step on the total. In A_t the value is a constant: through the trunk
    both losses move the same weights, but each head is moved by its own loss alone.

    Args:
        model: maps states (T, state_dim) to probabilities (T, n_actions) and values (T,).
        optimizer: holds all of the model's parameters.
        states: T observations, each of shape (state_dim,).
        log_probs: T scalar tensors log pi(a_t|s_t), which keep their graph.
        rewards: T floats.
        value_coefficient: how much the critic loss counts beside the actor loss.

    Returns:
        (actor_loss, critic_loss), two Python floats, neither of them with the coefficient.

    What must not happen: everything that exercise 1 forbids.
    """
    device = next(model.parameters()).device
    returns_t = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states_t = torch.tensor(np.array(states), dtype=torch.float32, device=device)

    # Step 1: values and advantages, (T,)
    # Step 2: the two losses and the total, ()
    # Step 3: update the model
    raise NotImplementedError("shared_actor_critic_step")

    return actor_loss.item(), critic_loss.item()
