"""The probe of functions with the signature of `collect_episode_with_values`."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Self

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor

from grading.cases import CollectCall, CollectCase, Networks, told
from grading.environments import EpisodeOver, Recorder, ScriptedEnv, Spaces, spaces_of
from grading.outcome import NOTHING, Collected, CollectOutcome, Raised, Trajectory
from grading.probes.live import (
    arrays,
    as_number,
    build,
    call,
    describe,
    describe_number,
    describe_returned,
    log_probs_of,
    preserved_globals,
    random_digests,
    unreadable,
)
from grading.solution import Callee
from lesson import Actor, Critic

MAX_GRADIENT_STEPS = 60
"""Longer episodes are compared without gradients: each scalar brings a graph of its own."""


def probe_collect(
    solution: Callee,
    case: CollectCase,
    device: str,
    exercise: str,
    name: str,
    *,
    with_truth: bool = True,
) -> CollectOutcome:
    """Let the solution collect episodes, and set what the environment saw beside the last one.

    `with_truth` also asks the case's networks for what the lists should hold.
    """
    with Stage(case) as stage:
        collected = collect(solution, told(case), stage.next_play, device, exercise, name)
        return stage.outcome(collected, with_truth=with_truth)


class Stage:
    """The environment of a case, and what it sees: the side of the truth."""

    def __init__(self, case: CollectCase) -> None:
        self._case = case
        self._inner = _environment(case)
        # So that an unseeded reset of a real environment gives what the case fixes.
        self._inner.reset(seed=case.seed)
        self._plays: list[Recorder] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()

    @property
    def spaces(self) -> Spaces:
        """Of the environment."""
        return spaces_of(self._inner)

    def next_play(self) -> Recorder:
        """The environment, with a new record. Raises EpisodeOver if the case has no more plays."""
        if len(self._plays) == self._case.plays:
            raise EpisodeOver("the case has no more episodes")
        self._plays.append(Recorder(self._inner))
        return self._plays[-1]

    def outcome(self, collected: Collected, *, with_truth: bool = True) -> CollectOutcome:
        """The whole outcome."""
        trajectories = [play.trajectory() for play in self._plays]
        last = trajectories[-1] if trajectories else Trajectory((), (), episodes=0, closed=False)
        truth = with_truth and collected.raised is None
        return CollectOutcome(
            **{field.name: getattr(collected, field.name) for field in fields(collected)},
            trajectory=last,
            actions_of_plays=tuple(
                tuple(step.action for step in trajectory.steps) for trajectory in trajectories
            ),
            **(_truth(last, self._case.networks) if truth else {}),
        )


def collect(
    solution: Callee,
    asked: CollectCall,
    next_play: Callable[[], gym.Env[np.ndarray, int]],
    device: str,
    exercise: str,
    name: str,
) -> Collected:
    """Let the solution collect an episode in each play's environment; what the last one gave."""
    with preserved_globals(asked.seed):
        actor, critic = build(asked.networks, device, asked.training)
        random_states = [random_digests()]
        for _ in range(asked.plays):
            returned = call(solution, exercise, name, next_play(), actor, critic)
            random_states.append(random_digests())
            if isinstance(returned, Raised):
                return Collected(
                    returned=NOTHING, random_states=tuple(random_states), raised=returned
                )
        grad_enabled = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
        try:
            changed = _changed(asked, actor, critic)
            if not grad_enabled:
                changed += ("torch's gradient mode",)
            return Collected(
                changed=changed, random_states=tuple(random_states), **_read(returned, actor)
            )
        except Exception as error:  # noqa: BLE001 - a call may leave anything behind
            return Collected(returned=NOTHING, raised=unreadable(error))


def _read(returned: object, actor: Actor) -> dict[str, Any]:
    """What the solution returned, as plain data."""
    items = tuple(returned) if isinstance(returned, (tuple, list)) else ()
    lists = [list(item) if isinstance(item, (list, tuple)) else None for item in items]
    lengths = tuple(None if one is None else len(one) for one in lists)
    if len(lists) != 5:
        lists = [None] * 5
    states, actions, rewards, log_probs, values = lists
    return {
        "returned": describe_returned(returned),
        "lengths": lengths,
        "states": None if states is None else tuple(_as_array(state) for state in states),
        "actions": _as_numbers(actions),
        "rewards": _as_numbers(rewards),
        "log_probs": _as_numbers(log_probs),
        "values": _as_numbers(values),
        "log_prob_types": _distinct(log_probs, _describe_log_prob),
        "value_types": _distinct(values, describe_number),
        "log_prob_gradient": _gradient(log_probs, actor),
    }


def _changed(asked: CollectCall, actor: Actor, critic: Critic) -> tuple[str, ...]:
    """What the call altered although it belongs to the caller, in words."""
    changed = []
    for which, network, weights in (
        ("actor", actor, asked.networks.actor),
        ("critic", critic, asked.networks.critic),
    ):
        if any(not np.array_equal(a, b) for a, b in zip(arrays(network), weights, strict=True)):
            changed.append(f"the {which}'s weights")
        if network.training != asked.training:
            changed.append(f"the {which}'s training mode")
        if any(not p.requires_grad for p in network.parameters()):
            changed.append(f"requires_grad of the {which}'s parameters")
        if any(p.grad is not None for p in network.parameters()):
            changed.append(f"the {which}'s gradients")
    return tuple(changed)


def _environment(case: CollectCase) -> gym.Env[np.ndarray, int]:
    if case.observations is None:
        return gym.make("CartPole-v1", max_episode_steps=case.max_episode_steps)
    return ScriptedEnv(
        case.observations,
        case.rewards,
        case.networks.n_actions,
        terminated=case.terminated,
        truncated=case.truncated,
        reuse_buffer=case.reuse_buffer,
    )


def _truth(trajectory: Trajectory, networks: Networks) -> dict[str, Any]:
    """What the case's networks say of the states and actions that really happened."""
    if not trajectory.steps:
        return {}
    actor, critic = build(networks, "cpu")
    states = np.array([step.state for step in trajectory.steps], np.float32)
    actions = np.array([step.action for step in trajectory.steps])
    log_probs = log_probs_of(actor, states, actions)
    with torch.no_grad():
        values = critic(torch.from_numpy(states))
    return {
        "true_log_probs": tuple(log_probs.tolist()),
        "true_values": tuple(values.tolist()),
        "true_gradient": _gradient(list(log_probs.unbind()), actor) or (),
    }


def _gradient(log_probs: list[Any] | None, actor: Actor) -> tuple[np.ndarray, ...] | None:
    """Gradient of the sum of (t + 1) * log_prob_t: steps weigh differently, so none can hide."""
    if not log_probs or len(log_probs) > MAX_GRADIENT_STEPS:
        return None
    if not all(isinstance(one, Tensor) and one.requires_grad for one in log_probs):
        return None
    total = sum((t + 1) * one.sum() for t, one in enumerate(log_probs))
    parameters = list(actor.parameters())
    try:
        gradients = torch.autograd.grad(total, parameters, allow_unused=True)
    except RuntimeError:  # the graph was freed by a backward pass of the solution's own
        return None
    return tuple(
        np.zeros(tuple(p.shape), np.float32) if g is None else g.cpu().numpy()
        for g, p in zip(gradients, parameters, strict=True)
    )


def _as_array(state: object) -> np.ndarray:
    """A state as a float array; NaN where it is none, so that no comparison succeeds."""
    if isinstance(state, Tensor):
        state = state.detach().cpu().numpy()
    try:
        return np.array(state, dtype=np.float64)
    except (TypeError, ValueError):
        return np.array(np.nan)


def _as_numbers(items: list[Any] | None) -> tuple[float, ...] | None:
    if items is None:
        return None
    read = (as_number(item) for item in items)
    return tuple(float("nan") if value is None else value for value in read)


def _distinct(items: list[Any] | None, describe_one: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(describe_one(item) for item in items or []))


def _describe_log_prob(item: object) -> str:
    if not isinstance(item, Tensor):
        return describe(item)
    return describe(item) + (" with graph" if item.grad_fn is not None else " without graph")
