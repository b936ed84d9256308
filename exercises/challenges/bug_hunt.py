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
    raise NotImplementedError("is_correct")
