"""Challenge: the update with an entropy bonus, which keeps the policy curious."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Categorical
from torch.optim import Optimizer

from lesson import Actor, Critic, compute_returns


def entropy_regularised_step(
    actor: Actor,
    critic: Critic,
    actor_optimizer: Optimizer,
    critic_optimizer: Optimizer,
    states: Sequence[np.ndarray],
    log_probs: Sequence[Tensor],
    rewards: Sequence[float],
    beta: float = 0.01,
) -> tuple[float, float]:
    """Update both networks once from one episode; the actor is rewarded for its entropy, too.

    With the returns G_t, the values V(s_t) and the advantages A_t = G_t - V(s_t) of exercise 1:

        entropy     H_t = - sum over actions a of  pi(a|s_t) * log pi(a|s_t)      in nats
        actor loss  = - sum over t of  log pi(a_t|s_t) * A_t  -  beta * sum over t of H_t
        critic loss =   mean over t of (G_t - V(s_t))^2

    Source: Mnih et al., "Asynchronous Methods for Deep Reinforcement Learning", 2016, section 4.

    Args:
        actor: the policy; `actor(states)` maps (T, state_dim) to probabilities (T, n_actions).
        critic: maps states (T, state_dim) to values (T,).
        actor_optimizer: holds the actor's parameters.
        critic_optimizer: holds the critic's parameters.
        states: T observations, each of shape (state_dim,).
        log_probs: T scalar tensors log pi(a_t|s_t), which keep their graph.
        rewards: T floats.
        beta: what a nat of entropy is worth, in units of reward; 0 is the update of exercise 1.

    Returns:
        (actor_loss, critic_loss), two Python floats: the losses from which the update was made.

    What must not happen:
        - the entropy is that of the whole distribution in a state, not of the action taken;
        - the bonus is for the actor alone: the critic's loss does not know of it;
        - everything that exercise 1 forbids.
    """
    device = next(critic.parameters()).device
    returns_t = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states_t = torch.tensor(np.array(states), dtype=torch.float32, device=device)

    # Step 1: values and advantages, (T,), as in exercise 1
    # Step 2: the policy's entropy in each state, (T,)
    # Step 3: the two losses, ()
    # Step 4: update both networks
    # BEGIN SOLUTION
    values = critic(states_t)
    advantages = returns_t - values.detach()
    entropies = Categorical(probs=actor(states_t)).entropy()

    policy_loss = -(torch.stack(list(log_probs)) * advantages).sum()
    actor_loss = policy_loss - beta * entropies.sum()
    critic_loss = F.mse_loss(values, returns_t)

    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()

    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()
    # END SOLUTION

    return actor_loss.item(), critic_loss.item()
