"""Three tests, each with a question of its own; all have to say yes."""

import numpy as np
import torch
from torch.optim import SGD

from lesson import Actor, Critic, compute_returns

REWARDS = [1.0, -2.0, -1.0, 3.0]
MORE = [-1.5, 2.0, 0.5, -2.0, 1.0]


def setting():
    torch.manual_seed(5)
    actor, critic = Actor(4, 2, 16), Critic(4, 16)
    return actor, critic, SGD(actor.parameters(), lr=1.0), SGD(critic.parameters(), lr=1.0)


def run(step, parts, rewards, seed):
    actor = parts[0]
    states = list(np.random.RandomState(seed).randn(len(rewards), 4).astype(np.float32))
    log_probs = [actor(torch.from_numpy(s))[i % 2].log() for i, s in enumerate(states)]
    return states, step(*parts, states, log_probs, list(rewards))


def gradient_of(network, loss):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, network.parameters())])


def flat(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def wanted(parts, rewards, seed):
    actor, critic = parts[:2]
    states = torch.from_numpy(np.random.RandomState(seed).randn(len(rewards), 4)).float()
    taken = actor(states)[torch.arange(len(rewards)), torch.arange(len(rewards)) % 2].log()
    returns, values = torch.tensor(compute_returns(rewards)), critic(states)
    return -(taken * (returns - values.detach())).sum(), (returns - values).pow(2).mean()


def losses_are_right(step):
    parts = setting()
    expected = [loss.item() for loss in wanted(parts, REWARDS, 1)]
    _, (actor_loss, critic_loss) = run(step, parts, REWARDS, 1)
    close = np.allclose([actor_loss, critic_loss], expected, rtol=1e-3)
    return close and isinstance(actor_loss, float) and isinstance(critic_loss, float)


def networks_move_down_their_gradients(step):
    parts = setting()
    run(step, parts, MORE, 2)
    for rewards, seed in ((REWARDS, 1), (MORE, 3)):
        losses = wanted(parts, rewards, seed)
        pairs = [
            (network, flat(network), gradient_of(network, loss))
            for network, loss in zip(parts[:2], losses)
        ]
        run(step, parts, rewards, seed)
        for network, before, gradient in pairs:
            change = before - flat(network)
            if (change - gradient).norm() > 0.005 * gradient.norm() + 1e-5:
                return False
    return True


def it_does_not_break(step):
    parts = setting()
    run(step, parts, [1.0], 4)
    return all(torch.isfinite(flat(network)).all() for network in parts[:2])


def is_correct(step):
    try:
        return bool(
            losses_are_right(step)
            and networks_move_down_their_gradients(step)
            and it_does_not_break(step)
        )
    except Exception:
        return False
