"""The probe of functions that update networks: `actor_critic_step` and its like."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from grading.cases import Episode, StepCase, Weights
from grading.outcome import Digests, Raised, StepCall, StepOutcome
from grading.probes.live import (
    as_number,
    call,
    describe_number,
    describe_returned,
    preserved_globals,
    random_digests,
    unreadable,
)
from grading.probes.trainees import Trainees, made
from grading.solution import Callee


def probe_step(
    solution: Callee,
    case: StepCase,
    device: str,
    exercise: str,
    name: str,
) -> StepOutcome:
    """Call the solution's step once for each episode of the case, on the same networks.

    A parameter's gradient is read off its change under SGD, never from `.grad`: clearing gradients
    at the end of the call is legal.
    """
    with preserved_globals(case.seed):
        trainees = made(solution, case, device, exercise)
        if isinstance(trainees, Raised):
            return StepOutcome((), trainees)
        player = _Player(trainees)
        calls: list[StepCall] = []
        for episode in case.episodes:
            called = player.call(solution, episode, exercise, name, dict(case.keywords))
            if isinstance(called, tuple):
                return StepOutcome(tuple(calls), *called)
            calls.append(called)
        return StepOutcome(tuple(calls))


@dataclass
class _Player:
    trainees: Trainees

    def call(
        self,
        solution: Callee,
        episode: Episode,
        exercise: str,
        name: str,
        keywords: dict[str, float],
    ) -> StepCall | tuple[Raised, StepCall | None]:
        """What one call did; if it raised, that, and what it had done by then."""
        states, actions = episode.states, np.array(episode.actions)
        log_probs = solution.attempt(exercise, lambda: self.trainees.log_probs(states, actions))
        if isinstance(log_probs, Raised):
            return log_probs, None
        given = _Given(log_probs, episode)
        before = self._snapshot()
        passes = {"forward": 0, "backward": 0}

        def count(which: Literal["forward", "backward"]) -> None:
            passes[which] += 1

        # The last parameter, the output bias, has a gradient whatever the hidden units do.
        valuing = self.trainees.valuing
        last = list(valuing.parameters())[-1]
        with (
            last.register_hook(lambda _: count("backward"))
            if last.requires_grad
            else nullcontext(),
            valuing.register_forward_pre_hook(lambda *_: count("forward")),
        ):
            returned = call(
                solution,
                exercise,
                name,
                *self.trainees.arguments,
                given.states,
                given.log_probs,
                given.rewards,
                **keywords,
            )
        raised = returned if isinstance(returned, Raised) else None
        try:
            items = tuple(returned) if isinstance(returned, (tuple, list)) else ()
            now = self._snapshot()
            done = StepCall(
                returned=describe_returned(returned),
                types=tuple(describe_number(item) for item in items),
                losses=tuple(as_number(item) for item in items),
                actor_delta=_difference(now.actor, before.actor),
                critic_delta=_difference(now.critic, before.critic),
                actor_steps=now.actor_steps - before.actor_steps,
                critic_steps=now.critic_steps - before.critic_steps,
                critic_backward_passes=passes["backward"],
                critic_forward_passes=passes["forward"],
                changed=(
                    *(w for w, what in before.belongings.items() if what != now.belongings[w]),
                    *given.changed(),
                ),
                random_before=before.random,
                random_after=now.random,
            )
        except Exception as error:  # noqa: BLE001 - the call may have left anything behind
            return raised or unreadable(error), None
        return done if raised is None else (raised, done)

    def _snapshot(self) -> "_Snapshot":
        return _Snapshot(
            *self.trainees.weights(),
            *self.trainees.steps(),
            self._belongings(),
            random_digests(),
        )

    def _belongings(self) -> dict[str, object]:
        """What a step has no business changing, by the words for it."""
        return {
            **self.trainees.belongings(),
            "torch's gradient mode": torch.is_grad_enabled(),
            "torch's default dtype": str(torch.get_default_dtype()),
            "torch's anomaly detection": torch.is_anomaly_enabled(),
        }


@dataclass(frozen=True)
class _Snapshot:
    actor: Weights
    critic: Weights
    actor_steps: int
    critic_steps: int
    belongings: dict[str, object]
    random: Digests


class _Given:
    """The three lists of an episode, and what they held before the call."""

    def __init__(self, log_probs: Tensor, episode: Episode) -> None:
        self._episode = episode
        self.states = [row.copy() for row in episode.states]
        self.log_probs = list(log_probs)
        self.rewards = list(episode.rewards)
        self._states, self._log_probs = list(self.states), list(self.log_probs)

    def changed(self) -> Iterator[str]:
        """The lists that are no longer what they were."""
        if not _same_list(self.rewards, list(self._episode.rewards)):
            yield "the list `rewards`"
        if not _same_items(self.states, self._states) or not np.array_equal(
            np.array(self._states), self._episode.states
        ):
            yield "the list `states`"
        if not _same_items(self.log_probs, self._log_probs):
            yield "the list `log_probs`"


def _same_list(now: list[float], before: list[float]) -> bool:
    return len(now) == len(before) and all(
        type(a) is type(b) and a == b for a, b in zip(now, before, strict=True)
    )


def _same_items(now: list[Any], before: list[Any]) -> bool:
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))


def _difference(now: Weights, before: Weights) -> Weights:
    return tuple(a - b for a, b in zip(now, before, strict=True))
