"""An update of its own, run beside the other on copies."""

import copy

import torch
from torch.optim import SGD

from lesson import Actor, Critic, compute_returns


def mine(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    targets = torch.tensor(compute_returns(rewards))
    estimates = torch.stack([critic(torch.from_numpy(state)) for state in states])
    first = -sum(lp * (g - v) for lp, g, v in zip(log_probs, targets, estimates.detach()))
    second = ((targets - estimates) ** 2).mean()
    for loss, optimizer in ((first, actor_optimizer), (second, critic_optimizer)):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(first), float(second)


def play(step, actor, critic, episodes):
    optimizers = SGD(actor.parameters(), lr=0.1), SGD(critic.parameters(), lr=0.1)
    seen = []
    for states, actions, rewards in episodes:
        log_probs = [
            torch.distributions.Categorical(actor(torch.from_numpy(s))).log_prob(torch.tensor(a))
            for s, a in zip(states, actions)
        ]
        losses = step(actor, critic, *optimizers, list(states), log_probs, list(rewards))
        if len(losses) != 2 or any(not isinstance(loss, float) for loss in losses):
            raise TypeError("no two floats")
        weights = [p for network in (actor, critic) for p in network.parameters()]
        seen.append(torch.cat([torch.tensor(losses), *(w.detach().flatten() for w in weights)]))
    return torch.cat(seen)


def is_correct(step):
    generator = torch.Generator().manual_seed(3)
    torch.manual_seed(3)
    actor, critic = Actor(3, 2, 8), Critic(3, 8)
    episodes = [
        (torch.randn(t, 3, generator=generator).numpy(), [i % 2 for i in range(t)], rewards)
        for t, rewards in ((3, [-2.0, 1.0, 4.0]), (4, [1.0, -3.0, -1.0, 2.0]))
    ]
    expected = play(mine, copy.deepcopy(actor), copy.deepcopy(critic), episodes)
    try:
        got = play(step, actor, critic, episodes)
    except Exception:
        return False
    return bool(torch.allclose(got, expected, rtol=1e-3, atol=1e-4))
