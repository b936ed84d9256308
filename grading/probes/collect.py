"""The probe of functions with the signature of `collect_episode_with_values`."""

from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor

from grading.cases import CollectCase, Networks
from grading.environments import Recorder, ScriptedEnv
from grading.outcome import CollectOutcome, Raised, Returned, Trajectory
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
    with preserved_globals(case.seed):
        actor, critic = build(case.networks, device, case.training)
        inner = _environment(case)
        # So that an unseeded reset of a real environment gives what the case fixes.
        inner.reset(seed=case.seed)
        actions_of_plays = []
        random_states = [random_digests()]
        try:
            for _ in range(case.plays):
                env = Recorder(inner)
                returned = call(solution, exercise, name, env, actor, critic)
                actions_of_plays.append(tuple(step.action for step in env.trajectory().steps))
                random_states.append(random_digests())
                if isinstance(returned, Raised):
                    break
        finally:
            inner.close()
        grad_enabled = torch.is_grad_enabled()
        torch.set_grad_enabled(True)
        if isinstance(returned, Raised):
            return CollectOutcome(
                env.trajectory(),
                Returned("nothing", None),
                actions_of_plays=tuple(actions_of_plays),
                random_states=tuple(random_states),
                raised=returned,
            )
        try:
            changed = _changed(case, actor, critic)
            if not grad_enabled:
                changed += ("torch's gradient mode",)
            return CollectOutcome(
                trajectory=env.trajectory(),
                changed=changed,
                random_states=tuple(random_states),
                actions_of_plays=tuple(actions_of_plays),
                **_read(returned, actor),
                **(_truth(env.trajectory(), case.networks, device) if with_truth else {}),
            )
        except Exception as error:  # noqa: BLE001 - a call may leave anything behind
            return CollectOutcome(
                env.trajectory(), Returned("nothing", None), raised=unreadable(error)
            )


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


def _changed(case: CollectCase, actor: Actor, critic: Critic) -> tuple[str, ...]:
    """What the call altered although it belongs to the caller, in words."""
    changed = []
    for which, network, weights in (
        ("actor", actor, case.networks.actor),
        ("critic", critic, case.networks.critic),
    ):
        if any(not np.array_equal(a, b) for a, b in zip(arrays(network), weights, strict=True)):
            changed.append(f"the {which}'s weights")
        if network.training != case.training:
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


def _truth(trajectory: Trajectory, networks: Networks, device: str) -> dict[str, Any]:
    """What the case's networks say of the states and actions that really happened."""
    if not trajectory.steps:
        return {}
    actor, critic = build(networks, device)
    states = np.array([step.state for step in trajectory.steps], np.float32)
    actions = np.array([step.action for step in trajectory.steps])
    log_probs = log_probs_of(actor, states, actions)
    with torch.no_grad():
        values = critic(torch.from_numpy(states).to(device))
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
