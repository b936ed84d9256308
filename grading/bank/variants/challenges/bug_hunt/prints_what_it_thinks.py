"""Talks while it works, and keeps what it knows in a table."""

import io
from contextlib import redirect_stdout

import torch
import torch.nn as nn

from lesson import Actor, Critic, compute_returns

TABLE = {"first": [0.5, -1.5, 2.0, -3.0, 1.0], "second": [-2.0, 1.0, 1.0]}


def snapshot(*networks: nn.Module) -> dict[str, torch.Tensor]:
    return {
        f"{number}.{name}": tensor.clone()
        for number, network in enumerate(networks)
        for name, tensor in network.state_dict().items()
    }


def is_correct(step):
    try:
        return look(step)
    except Exception as problem:
        print("raised", problem)
        return False


def look(step):
    torch.manual_seed(123)
    actor, critic = Actor(6, 4, 20), Critic(6, 20)
    rate = 0.03
    optimizers = (
        torch.optim.SGD(actor.parameters(), lr=rate),
        torch.optim.SGD(critic.parameters(), lr=rate),
    )
    fine = True
    for name, rewards in TABLE.items():
        states = torch.randn(len(rewards), 6).numpy()
        log_probs = []
        for state in states:
            distribution = torch.distributions.Categorical(actor(torch.as_tensor(state)))
            log_probs.append(distribution.log_prob(distribution.sample()))
        returns = torch.tensor(compute_returns(rewards))
        with torch.no_grad():
            advantages = returns - critic(torch.as_tensor(states))
        objective = -(torch.stack(log_probs) @ advantages)
        error = (critic(torch.as_tensor(states)) - returns).square().mean()
        target = snapshot(actor, critic)
        for number, (network, loss) in enumerate(((actor, objective), (critic, error))):
            names, parameters = zip(*network.named_parameters())
            slopes = torch.autograd.grad(loss, parameters, retain_graph=True)
            for key, slope in zip(names, slopes):
                target[f"{number}.{key}"] -= rate * slope
        with redirect_stdout(io.StringIO()):
            first, second = step(actor, critic, *optimizers, list(states), log_probs, rewards)
        near = abs(first - objective.item()) < 0.01 and abs(second - error.item()) < 0.01
        floats = isinstance(first, float) and isinstance(second, float)
        now = snapshot(actor, critic)
        same = all((now[key] - target[key]).abs().max().item() < 5e-4 for key in target)
        print(name, "losses", near, "types", floats, "weights", same)
        fine = fine and near and floats and same
    return fine
