"""What a learner makes of finished episodes: gradients by log-probs and by values.

All that a step like `actor_critic_step` does to the networks goes through the log-probs that it is
given and the values that the critic answers. So its gradients by these are its whole update, and
the rest of the way back, through the networks, is the same for every learner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from lesson import GAMMA


@dataclass(frozen=True)
class Episodes:
    """k finished episodes of at most T steps, padded with zeros."""

    rewards: Tensor
    """(k, T)"""
    lengths: Tensor
    """(k,), as floats."""
    mask: Tensor
    """(k, T): 1 for a step, 0 for padding."""
    log_probs: Tensor
    """(k, T)"""
    values: Tensor
    """(k, T)"""


@dataclass(frozen=True)
class Signal:
    """Gradients by log-probs, values and entropies, (k, T), zero where there is padding.

    None: that network's optimizer takes no step; the entropies' belong to the actor's.
    """

    by_log_probs: Tensor | None
    by_values: Tensor | None
    actor_stale: bool = False
    """The actor's gradients of earlier episodes are added."""
    critic_stale: bool = False
    by_entropies: Tensor | None = None
    """By the entropy of the policy in each state."""

    def each(self, change: Callable[[Tensor], Tensor]) -> "Signal":
        """The same with all gradients changed."""
        by = (self.by_log_probs, self.by_values, self.by_entropies)
        log_probs, values, entropies = (None if one is None else change(one) for one in by)
        return Signal(log_probs, values, self.actor_stale, self.critic_stale, entropies)


Learner = Callable[[Episodes], Signal]


def discounted(rewards: Tensor, gamma: float = GAMMA) -> Tensor:
    """Returns of (k, T) rewards, as `lesson.compute_returns` gives them for each row."""
    discounts = _discounts(gamma, rewards.shape[1], rewards.device)
    ahead = (rewards * discounts).flip(1).cumsum(1).flip(1)
    return (ahead / discounts).to(rewards.dtype)


@lru_cache(maxsize=1024)
def _discounts(gamma: float, length: int, device: torch.device) -> Tensor:
    """gamma**0, gamma**1, ...; kept, as powers take longer than all else."""
    return gamma ** torch.arange(length, dtype=torch.float64, device=device)


class NotStackable(Exception):
    """A step asks for more than log-probs, values and one step of each optimizer."""


class _Critic:
    """Answers with the values of the states that it is shown: stand-ins that hold their number."""

    def __init__(self, values: Tensor) -> None:
        self._values = values

    def __call__(self, states: Tensor) -> Tensor:
        numbers = states[..., 0].long()
        if not torch.equal(states, _states_of(numbers)):
            raise NotStackable("it asks the critic about something else than the states")
        return self._values[numbers]

    def parameters(self) -> Any:
        return iter([self._values])


def _states_of(numbers: Tensor) -> Tensor:
    """Stand-ins, (..., 4), for the states of an episode with these numbers, (...)."""
    return torch.stack([numbers, -numbers, numbers + 1, 2 * numbers], -1).float()


class _Model(_Critic):
    """The same for a step of one model with two heads, which has no use for probabilities."""

    def __call__(self, states: Tensor) -> Any:
        return None, super().__call__(states)


class _Optimizer:
    """Notes with which gradients a step is taken: one for each leaf."""

    def __init__(self, *leaves: Tensor) -> None:
        self._leaves = leaves
        self.cleared = False
        self.taken: list[Tensor | None] = [None] * len(leaves)
        self.steps = 0

    def zero_grad(self) -> None:
        for leaf in self._leaves:
            leaf.grad = None
        self.cleared = True

    def step(self) -> None:
        self.steps += 1
        if self.steps > 1:
            raise NotStackable("an optimizer takes more than one step")
        self.taken = [None if one.grad is None else one.grad.clone() for one in self._leaves]


def learner_of(step: Callable[..., Any], *, shared: bool = False) -> Learner:
    """Any `actor_critic_step`, asked episode by episode: a tenth of what an update costs it.

    `shared`: any `shared_actor_critic_step`, whose one optimizer moves what both signals reach.
    Raises NotStackable, when it learns, if it looks at anything but log-probs and values.
    """

    @torch.enable_grad()
    def learn(episodes: Episodes) -> Signal:
        by = [torch.zeros_like(episodes.values) for _ in range(2)]
        seen = set()
        for i, length in enumerate(episodes.lengths.int().tolist()):
            log_probs = episodes.log_probs[i, :length].detach().clone().requires_grad_()
            values = episodes.values[i, :length].detach().clone().requires_grad_()
            optimizers: tuple[_Optimizer, ...]
            arguments: tuple[Any, ...]
            if shared:
                optimizers = (_Optimizer(log_probs, values),)
                arguments = (_Model(values), *optimizers)
            else:
                optimizers = _Optimizer(log_probs), _Optimizer(values)
                arguments = (None, _Critic(values), *optimizers)
            step(
                *arguments,
                list(_states_of(torch.arange(length)).numpy()),
                list(log_probs.unbind()),
                episodes.rewards[i, :length].tolist(),
            )
            taken = [(leaf, one.cleared) for one in optimizers for leaf in one.taken]
            seen.add(tuple((leaf is not None, cleared) for leaf, cleared in taken))
            for gradient, (leaf, _) in zip(by, taken, strict=True):
                if leaf is not None:
                    gradient[i, :length] = leaf
        if len(seen) > 1:
            raise NotStackable("it does something else in some episodes")
        (actor_steps, actor_clears), (critic_steps, critic_clears) = seen.pop()
        return Signal(
            by[0] if actor_steps else None,
            by[1] if critic_steps else None,
            not actor_clears,
            not critic_clears,
        )

    return learn
