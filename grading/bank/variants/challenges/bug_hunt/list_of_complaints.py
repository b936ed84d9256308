"""Collects all complaints; right if there are none."""

import numpy as np
import torch
import torch.nn.functional as F

from lesson import Actor, Critic, compute_advantages, compute_returns

RATE = 0.05


class Hunt:
    def __init__(self):
        torch.manual_seed(7)
        self.actor, self.critic = Actor(4, 2, 10), Critic(4, 10)
        self.optimizers = [
            torch.optim.SGD(network.parameters(), lr=RATE) for network in (self.actor, self.critic)
        ]
        self.complaints = []

    def episode(self, step, rewards):
        states = [torch.randn(4).numpy() for _ in rewards]
        log_probs = [self.actor.sample_action(torch.from_numpy(state))[1] for state in states]
        advantages, returns, _ = compute_advantages(compute_returns(rewards), states, self.critic)
        losses = {
            self.actor: -torch.dot(torch.stack(log_probs), advantages),
            self.critic: F.mse_loss(self.critic(torch.tensor(np.stack(states))), returns),
        }
        wanted = {}
        for network, loss in losses.items():
            gradients = torch.autograd.grad(loss, network.parameters(), retain_graph=True)
            wanted[network] = [
                p.detach() - RATE * g for p, g in zip(network.parameters(), gradients)
            ]
        got = step(self.actor, self.critic, *self.optimizers, states, log_probs, rewards)
        self.compare(got, losses, wanted)

    def compare(self, got, losses, wanted):
        if len(got) != 2 or not all(isinstance(loss, float) for loss in got):
            self.complaints.append("no two floats")
        for mine, expected in zip(got, losses.values()):
            if abs(mine - expected.item()) > 1e-3 * (1 + abs(expected.item())):
                self.complaints.append("a loss")
        for network, weights in wanted.items():
            for parameter, weight in zip(network.parameters(), weights):
                if (parameter - weight).abs().max() > 1e-3:
                    self.complaints.append("a weight")


def is_correct(step):
    hunt = Hunt()
    try:
        hunt.episode(step, [1.0, -4.0, 2.0, 0.5, -1.0])
        hunt.episode(step, [-1.0, 3.0, 2.0])
    except Exception as error:
        hunt.complaints.append(error)
    return not hunt.complaints
