"""With comments, asserts and prints, in the order of the formulas."""

import numpy as np
import torch
from torch import distributions as D
from torch import nn

from lesson import compute_advantages, compute_returns

DEFAULT_BETA = 0.01


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=DEFAULT_BETA
):
    T = len(rewards)
    assert len(states) == len(log_probs) == T
    dev = next(actor.parameters()).device
    s = torch.tensor(np.array(states), dtype=torch.float32, device=dev)
    # A and G are constants; V is needed once more, with its graph
    A, G, _ = compute_advantages(compute_returns(rewards), states, critic)
    V = critic(s)

    # how undecided is the policy, in nats?
    policy = D.Categorical(actor(s))
    H = policy.entropy()
    assert H.shape == (T,)
    print("mean entropy", H.mean().item())

    loss_actor = -torch.sum(torch.stack(list(log_probs)) * A + beta * H)
    loss_critic = nn.MSELoss()(V, G)

    actor_optimizer.zero_grad()
    loss_actor.backward()
    actor_optimizer.step()

    critic_optimizer.zero_grad()
    loss_critic.backward()
    critic_optimizer.step()

    return loss_actor.item(), loss_critic.item()
