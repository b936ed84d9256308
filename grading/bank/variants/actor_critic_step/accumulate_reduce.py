"""Functional style: accumulate for the returns, reduce for the sum."""

from functools import reduce
from itertools import accumulate
from operator import add, mul

import torch

from lesson import GAMMA


def tensor_on(device):
    return lambda xs: torch.tensor(xs, dtype=torch.float32, device=device)


def returns_of(rewards):
    backwards = accumulate(reversed(rewards), lambda later, now: now + GAMMA * later)
    return list(backwards)[::-1]


def updated(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    tensor = tensor_on(next(critic.parameters()).device)

    returns = tensor(returns_of(rewards))
    values = critic(torch.stack(list(map(tensor, states))))
    advantages = map(torch.sub, returns, values.detach())

    actor_loss = -reduce(add, map(mul, log_probs, advantages))
    critic_loss = reduce(add, (values - returns) ** 2) / len(rewards)

    losses = (actor_loss, critic_loss)
    return tuple(map(updated, (actor_optimizer, critic_optimizer), losses))
