"""Small episodes with many seeds; numpy's bool comes back."""

import numpy as np
import torch

from lesson import Actor, Critic, compute_returns


def once(step, seed):
    torch.manual_seed(seed)
    actor, critic = Actor(2, 2, 6), Critic(2, 6)
    optimizers = [torch.optim.SGD(n.parameters(), lr=0.1, momentum=0.0) for n in (actor, critic)]
    differences = []
    for length in (3, 2):
        states = torch.randn(length, 2)
        rewards = [float(x) for x in 4 * torch.randn(length)]
        drawn = [actor.sample_action(state) for state in states]
        returns = torch.tensor(compute_returns(rewards))
        values = critic(states)
        policy = sum(-lp * (g - float(v)) for (_, lp), g, v in zip(drawn, returns, values))
        value = torch.mean((values - returns) ** 2)
        ways = torch.autograd.grad(policy, [*actor.parameters()], retain_graph=True)
        ways += torch.autograd.grad(value, [*critic.parameters()])
        both = [*actor.parameters(), *critic.parameters()]
        aims = [p.detach() - 0.1 * way for p, way in zip(both, ways)]
        got = step(
            actor,
            critic,
            *optimizers,
            [s.numpy() for s in states],
            [lp for _, lp in drawn],
            rewards,
        )
        if type(got) not in (tuple, list) or [isinstance(x, float) for x in got] != [True] * 2:
            return np.inf
        differences += [
            abs(got[0] - policy.item()) / (1 + abs(policy.item())),
            abs(got[1] - value.item()) / (1 + abs(value.item())),
        ]
        differences += [(p - aim).abs().max().item() for p, aim in zip(both, aims)]
    return max(differences)


def is_correct(step):
    try:
        return np.all(np.array([once(step, seed) for seed in range(4)]) < 1e-3)
    except (Exception,):
        return np.bool_(False)
