"""`actor_critic_step` in pieces, each doing what the reference does."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from grading.bank.pipeline import Pieces, Pipeline
from grading.cases import StepCase
from grading.evidence import Facts, loss_facts
from grading.probes.live import build, log_probs_of
from lesson import Actor, Critic, compute_returns


@dataclass
class Step:
    """The arguments of a call, and what the pieces have made of them so far."""

    pieces: Pieces
    actor: Actor
    critic: Critic
    actor_optimizer: Optimizer
    critic_optimizer: Optimizer
    states: list[np.ndarray]
    log_probs: list[Tensor]
    rewards: list[float]
    returns: Tensor = field(init=False)
    values: Tensor = field(init=False)
    advantages: Tensor = field(init=False)
    actor_loss: Tensor = field(init=False)
    critic_loss: Tensor = field(init=False)

    @property
    def length(self) -> int:
        """T, the number of steps."""
        return len(self.rewards)

    @property
    def optimizers(self) -> tuple[Optimizer, Optimizer]:
        """Both, the actor's first."""
        return self.actor_optimizer, self.critic_optimizer

    def tensor(self, numbers: Any) -> Tensor:
        """Numbers as a float32 tensor where the critic is."""
        device = next(self.critic.parameters()).device
        return torch.tensor(np.array(numbers), dtype=torch.float32, device=device)

    def stacked(self) -> Tensor:
        """The log-probabilities, (T,)."""
        return torch.stack(list(self.log_probs))


def returns(step: Step) -> Tensor:
    """G_t, (T,)."""
    return step.tensor(compute_returns(step.rewards))


def values(step: Step) -> Tensor:
    """V(s_t), (T,), with its graph."""
    return step.critic(step.tensor(step.states))


def advantages(step: Step) -> Tensor:
    """A_t, (T,)."""
    return step.returns - step.values.detach()


def actor_loss(step: Step) -> Tensor:
    """Minus the sum of log-probability times advantage."""
    return -(step.stacked() * step.advantages).sum()


def critic_loss(step: Step) -> Tensor:
    """The mean squared error of the values."""
    return F.mse_loss(step.values, step.returns)


def update(step: Step) -> None:
    """Clear, backward, step: for the actor, then for the critic."""
    learn(step.actor_optimizer, step.actor_loss)
    learn(step.critic_optimizer, step.critic_loss)


def learn(optimizer: Optimizer, loss: Tensor) -> None:
    """One step of one optimizer."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def learn_together(step: Step, critic_weight: float = 1.0) -> None:
    """Both losses in one backward pass: an honest update as well, unless weighted."""
    for optimizer in step.optimizers:
        optimizer.zero_grad()
    (step.actor_loss + critic_weight * step.critic_loss).backward()
    for optimizer in step.optimizers:
        optimizer.step()


def following(values: Tensor, last: Tensor | None = None) -> Tensor:
    """V(s_{t+1}), (T,); after the end comes `last`, of shape (1,), or zero."""
    return torch.cat([values[1:], values.new_zeros(1) if last is None else last])


def result(step: Step) -> Any:
    """The two losses as floats."""
    return step.actor_loss.item(), step.critic_loss.item()


def _losses(step: Step) -> tuple[Tensor, Tensor]:
    """Everything up to the two losses."""
    step.returns = step.pieces["returns"](step)
    step.values = step.pieces["values"](step)
    step.advantages = step.pieces["advantages"](step)
    step.actor_loss = step.pieces["actor_loss"](step)
    step.critic_loss = step.pieces["critic_loss"](step)
    return step.actor_loss, step.critic_loss


def _assemble(pieces: Pieces) -> Callable[..., Any]:
    def actor_critic_step(
        actor: Actor,
        critic: Critic,
        actor_optimizer: Optimizer,
        critic_optimizer: Optimizer,
        states: list[np.ndarray],
        log_probs: list[Tensor],
        rewards: list[float],
    ) -> Any:
        step = Step(
            pieces, actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards
        )
        _losses(step)
        pieces["update"](step)
        return pieces["result"](step)

    return actor_critic_step


def _preview(pieces: Pieces, case: StepCase) -> Facts | None:
    """The losses of the first call, without gradients, if update and result leave them alone."""
    if pieces["update"] is not update or pieces["result"] is not result:
        return None
    actor, critic, log_probs = _networks(case)
    episode = case.episodes[0]
    optimizers: tuple[Any, Any] = (None, None)  # no piece before the update looks at them
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = Step(
            pieces,
            actor,
            critic,
            *optimizers,
            list(episode.states),
            list(log_probs),
            list(episode.rewards),
        )
        try:
            losses = _losses(step)
        except Exception:  # noqa: BLE001 - faulty code is here to raise
            return None
        numbers = tuple(loss.item() for loss in losses if loss.numel() == 1)
    return loss_facts(case, 1, numbers) if len(numbers) == 2 else None


@lru_cache(maxsize=1)
def _networks(case: StepCase) -> tuple[Actor, Critic, Tensor]:
    actor, critic = build(case.networks, "cpu")
    episode = case.episodes[0]
    with torch.no_grad():
        return actor, critic, log_probs_of(actor, episode.states, np.array(episode.actions))


PIPELINE = Pipeline(
    "actor_critic_step",
    "actor_critic_step",
    _assemble,
    {
        "returns": returns,
        "values": values,
        "advantages": advantages,
        "actor_loss": actor_loss,
        "critic_loss": critic_loss,
        "update": update,
        "result": result,
    },
    _preview,
)
