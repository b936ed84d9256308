"""The probe of functions with the signature of `actor_critic_step`."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from grading.cases import Episode, StepCase
from grading.optimizers import SGD, Adam
from grading.outcome import Raised, StepCall, StepOutcome
from grading.probes.live import (
    arrays,
    as_number,
    build,
    call,
    describe,
    describe_returned,
    log_probs_of,
    preserved_globals,
    random_digests,
    unreadable,
)
from grading.solution import Solution
from lesson import Actor, Critic


def probe_step(
    solution: Solution,
    case: StepCase,
    device: str = "cpu",
    exercise: str = "actor_critic_step",
    name: str = "actor_critic_step",
) -> StepOutcome:
    """Call the solution's step once for each episode of the case, on the same networks.

    A parameter's gradient is read off its change under SGD, never from `.grad`: clearing gradients
    at the end of the call is legal.
    """
    with preserved_globals(case.seed):
        actor, critic = build(case.networks, device)
        optimizer = SGD if case.optimizer == "sgd" else Adam
        player = _Player(
            actor,
            critic,
            optimizer(actor.parameters(), case.actor_lr),
            optimizer(critic.parameters(), case.critic_lr),
        )
        calls: list[StepCall] = []
        for episode in case.episodes:
            try:
                called = player.call(solution, episode, exercise, name)
            except Exception as error:  # noqa: BLE001 - a call may leave anything behind
                called = unreadable(error)
            if isinstance(called, Raised):
                return StepOutcome(tuple(calls), called)
            calls.append(called)
        return StepOutcome(tuple(calls))


@dataclass
class _Player:
    actor: Actor
    critic: Critic
    actor_optimizer: SGD | Adam
    critic_optimizer: SGD | Adam

    def call(
        self, solution: Solution, episode: Episode, exercise: str, name: str
    ) -> StepCall | Raised:
        states = [row.copy() for row in episode.states]
        log_probs = list(
            log_probs_of(self.actor, episode.states, np.array(episode.actions)).unbind()
        )
        rewards = list(episode.rewards)
        given_states, given_log_probs = list(states), list(log_probs)
        belongings = self._belongings()
        random_before = random_digests()
        actor_before, critic_before = arrays(self.actor), arrays(self.critic)
        steps_before = self.actor_optimizer.steps_taken, self.critic_optimizer.steps_taken
        backward_passes = 0

        def count(_: torch.Tensor) -> None:
            nonlocal backward_passes
            backward_passes += 1

        # The last parameter, the output bias, has a gradient whatever the hidden units do.
        last = list(self.critic.parameters())[-1]
        hook = last.register_hook(count) if last.requires_grad else nullcontext()
        with hook:
            returned = call(
                solution,
                exercise,
                name,
                self.actor,
                self.critic,
                self.actor_optimizer,
                self.critic_optimizer,
                states,
                log_probs,
                rewards,
            )
        if isinstance(returned, Raised):
            return returned

        changed = [
            what for what, before in belongings.items() if before != self._belongings()[what]
        ]
        if not _same_list(rewards, list(episode.rewards)):
            changed.append("the list `rewards`")
        if not _same_items(states, given_states) or not np.array_equal(
            np.array(given_states), episode.states
        ):
            changed.append("the list `states`")
        if not _same_items(log_probs, given_log_probs):
            changed.append("the list `log_probs`")
        generators = ("torch", "numpy", "python")
        changed += [
            f"the global random state of {generator}"
            for generator, before, now in zip(
                generators, random_before, random_digests(), strict=True
            )
            if before != now
        ]
        items = tuple(returned) if isinstance(returned, (tuple, list)) else ()
        return StepCall(
            returned=describe_returned(returned),
            types=tuple(_type_of(item) for item in items),
            losses=tuple(as_number(item) for item in items),
            actor_delta=_difference(self.actor, actor_before),
            critic_delta=_difference(self.critic, critic_before),
            actor_steps=self.actor_optimizer.steps_taken - steps_before[0],
            critic_steps=self.critic_optimizer.steps_taken - steps_before[1],
            critic_backward_passes=backward_passes,
            changed=tuple(changed),
        )

    def _belongings(self) -> dict[str, object]:
        """What a step has no business changing, by the words for it."""
        return {
            "the actor's training mode": self.actor.training,
            "the critic's training mode": self.critic.training,
            "requires_grad of the actor's parameters": _trainable(self.actor),
            "requires_grad of the critic's parameters": _trainable(self.critic),
            "the actor optimizer's settings": _settings(self.actor_optimizer),
            "the critic optimizer's settings": _settings(self.critic_optimizer),
            "torch's gradient mode": torch.is_grad_enabled(),
            "torch's default dtype": str(torch.get_default_dtype()),
        }


def _trainable(network: nn.Module) -> list[bool]:
    return [p.requires_grad for p in network.parameters()]


def _settings(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in group.items() if key != "params"}
        | {"params": [id(p) for p in group["params"]]}
        for group in optimizer.param_groups
    ]


def _same_list(now: list[float], before: list[float]) -> bool:
    return len(now) == len(before) and all(
        type(a) is type(b) and a == b for a, b in zip(now, before, strict=True)
    )


def _same_items(now: list[Any], before: list[Any]) -> bool:
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))


def _difference(network: nn.Module, before: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return tuple(now - then for now, then in zip(arrays(network), before, strict=True))


def _type_of(item: object) -> str:
    """`float` for every kind of Python float (numpy's float64 is one), else the type in words."""
    return "float" if isinstance(item, float) else describe(item)
