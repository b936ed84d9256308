"""torch.special.entr, and one backward pass for both losses."""

import numpy as np
import torch

from lesson import compute_returns


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=0.01
):
    """The networks share nothing, so the sum of the losses has the gradients of both."""
    on = {"dtype": torch.float32, "device": next(critic.parameters()).device}
    G = torch.tensor(compute_returns(rewards), **on)
    S = torch.tensor(np.stack(states), **on)
    V = critic(S)
    H = torch.special.entr(actor(S)).sum(-1)
    policy = -torch.dot(torch.stack(tuple(log_probs)), (G - V).detach())
    actor_loss = policy - beta * H.sum()
    critic_loss = (G - V).square().mean()

    for optimizer in (actor_optimizer, critic_optimizer):
        optimizer.zero_grad()
    (actor_loss + critic_loss).backward()
    for optimizer in (actor_optimizer, critic_optimizer):
        optimizer.step()
    return actor_loss.item(), critic_loss.item()
