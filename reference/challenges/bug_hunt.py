"""Challenge: a test of somebody else's update, which finds the faults in it."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import SGD

from lesson import Actor, Critic, compute_returns

Step = Callable[..., tuple[float, float]]


def chosen(actor: Actor, states: Tensor, actions: list[int]) -> list[Tensor]:
    """The log-probabilities of T actions in T states, scalars, each with a graph of its own."""
    return [actor(state)[action].log() for state, action in zip(states, actions, strict=True)]


def is_correct(step: Step) -> bool:
    """Say whether a function is a right `actor_critic_step`, the update of exercise 1.

    Nothing is known of it but what it does: it can be called as often as you like, with networks,
    optimizers and episodes of your own making, and then you look at what it returned and at what it
    has done to the networks.

        step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards)

    Args:
        step: takes what `actor_critic_step` takes. The networks have to be the lesson's `Actor` and
            `Critic`, with any `hidden_dim`; the optimizers `torch.optim.SGD` or `Adam`, one for all
            parameters of a network; `states`, `log_probs` and `rewards` lists. See "What may a step
            be called with?" in exercises/README.md.

    Returns:
        True if it is right, False if it is faulty.

    What must not happen:
        - a right step is refused because its numbers are rounded differently, or because it is
          written differently;
        - a faulty step ends the test: one that raises is faulty;
        - the test depends on chance: asked again about the same step, it says the same.
    """
    # Step 1: networks, optimizers, and an episode that shows a fault
    # Step 2: what a right update returns, and what it makes of the networks
    # Step 3: call the step
    # Step 4: compare
    # BEGIN SOLUTION
    torch.manual_seed(1)
    actor, critic = Actor(4, 3, hidden_dim=16), Critic(4, hidden_dim=16)
    right_actor, right_critic = deepcopy(actor), deepcopy(critic)
    episodes = [
        (torch.randn(len(rewards), 4), [t % 3 for t in range(len(rewards))], rewards)
        for rewards in ([1.0, -2.0, -3.0, 0.5], [2.0, 0.0, -1.5, 1.0, 4.0])
    ]
    lr = 0.05

    expected = []
    for states, actions, rewards in episodes:
        returns, values = torch.tensor(compute_returns(rewards)), right_critic(states)
        log_probs = torch.stack(chosen(right_actor, states, actions))
        actor_loss = -(log_probs * (returns - values.detach())).sum()
        critic_loss = F.mse_loss(values, returns)
        for network, loss in ((right_actor, actor_loss), (right_critic, critic_loss)):
            network.zero_grad()
            loss.backward()
            SGD(network.parameters(), lr).step()
        after = [
            p.detach().clone() for p in (*right_actor.parameters(), *right_critic.parameters())
        ]
        expected.append(([actor_loss.item(), critic_loss.item()], after))

    optimizers = SGD(actor.parameters(), lr), SGD(critic.parameters(), lr)
    for (states, actions, rewards), (losses, after) in zip(episodes, expected, strict=True):
        arguments = list(states.numpy()), chosen(actor, states, actions), rewards
        try:
            returned = step(actor, critic, *optimizers, *arguments)
        except Exception:  # noqa: BLE001 - whatever it is, a right step does not raise it
            return False
        if not (isinstance(returned, (tuple, list)) and len(returned) == 2):
            return False
        if not all(isinstance(loss, float) for loss in returned):
            return False
        if not np.allclose(returned, losses, rtol=1e-3, atol=1e-4):
            return False
        for mine, right in zip((*actor.parameters(), *critic.parameters()), after, strict=True):
            if not torch.allclose(mine, right, rtol=1e-3, atol=1e-4):
                return False
    return True
    # END SOLUTION
