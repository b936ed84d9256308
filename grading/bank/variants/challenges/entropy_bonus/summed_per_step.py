"""The sum over steps of policy term and bonus together; the critic goes first."""

import numpy as np
import torch
from torch.distributions import Categorical

from lesson import compute_returns


def advantages_and_values(critic, states, rewards):
    device = next(critic.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    observations = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    values = critic(observations)
    return returns - values, observations


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=0.01
):
    errors, observations = advantages_and_values(critic, states, rewards)
    critic_loss = errors.pow(2).mean()
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()

    policy = Categorical(probs=actor(observations))
    per_step = torch.stack(list(log_probs)) * errors.detach() + beta * policy.entropy()
    actor_loss = -per_step.sum()
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()
    return actor_loss.item(), critic_loss.item()
