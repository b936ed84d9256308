"""The probes of training: networks side by side, and the lesson's loop with both functions."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from grading.cases import LearnersCase, TrainingCase, Weights
from grading.optimizers import Adam
from grading.outcome import Raised, Trained, Update
from grading.probes.live import arrays, fitting, preserved_globals, unreadable
from grading.probes.trainees import Trainees, made
from grading.solution import Callee
from lesson.training import make_networks, train_actor_critic

STEP = ("actor_critic_step", "actor_critic_step")
COLLECT = ("collect_episode", "collect_episode_with_values")


class Learners:
    """Networks, each trained by a solution's step on the episodes that it is handed."""

    def __init__(self, solution: Callee, case: LearnersCase, device: str) -> None:
        self._solution, self._function = solution, case.function
        self._step: Callable[..., Any] | Raised | None = None
        """Asked for once: to look at its signature takes a tenth of an update."""
        self._trainees: list[Trainees] = []
        self._stillborn: Raised | None = None
        """What stood in the way of a model."""
        for run in range(len(case.networks)):
            one = made(solution, case.one(run), device, case.function.exercise)
            if isinstance(one, Raised):
                self._stillborn = one
                break
            self._trainees.append(one)

    def put_actor(self, run: int, weights: Weights) -> None:
        """Give the actor of a run these weights; its optimizer remembers what it did."""
        self._trainees[run].put_actor(weights)

    def learn(self, run: int, states: np.ndarray, actions: np.ndarray) -> Update | Raised:
        """One update of the networks of a run from (T, state_dim) states and T actions.

        The step is given what the lesson's loop gives it: a list of states, a list of scalar
        log-probs with their graph, and rewards of 1, as CartPole pays them.
        """
        if self._stillborn is not None:
            return self._stillborn
        exercise, trainees = self._function.exercise, self._trainees[run]
        log_probs = self._solution.attempt(exercise, lambda: trainees.log_probs(states, actions))
        if isinstance(log_probs, Raised):
            return log_probs
        arguments = (
            *trainees.arguments,
            list(states),
            list(log_probs.unbind()),
            [1.0] * len(states),
        )
        if self._step is None:
            self._step = fitting(self._solution, exercise, self._function.name, arguments)
        step = self._step
        if isinstance(step, Raised):
            return step
        returned = self._solution.attempt(exercise, lambda: step(*arguments))
        if isinstance(returned, Raised):
            return returned
        try:
            return Update(*trainees.weights())
        except Exception as error:  # noqa: BLE001 - the call may have left anything behind
            return unreadable(error)


def train(
    solution: Callee,
    case: TrainingCase,
    make_env: Callable[[str], gym.Env[Any, Any]],
    device: str,
) -> Trained:
    """The lesson's training loop with both of the solution's functions."""
    functions = [solution.function(*which) for which in (STEP, COLLECT)]
    for function in functions:
        if isinstance(function, Raised):
            return Trained(raised=function)
    step, collect = functions
    env = make_env(case.env_name)
    before = make_networks(env, case.seed, device)
    with preserved_globals(case.seed):
        run = solution.attempt(
            STEP[0],
            lambda: train_actor_critic(
                step,  # type: ignore[arg-type] # neither is a Raised
                collect,  # type: ignore[arg-type]
                env_name=case.env_name,
                num_episodes=case.episodes,
                seed=case.seed,
                device=device,
                make_optimizer=Adam,
                make_env=lambda _: env,
            ),
        )
    if isinstance(run, Raised):
        return Trained(raised=run)
    try:
        moved = [
            name
            for name, old, new in zip(
                ("actor", "critic"), before, (run.actor, run.critic), strict=True
            )
            if any(not np.array_equal(a, b) for a, b in zip(arrays(old), arrays(new), strict=True))
        ]
    except Exception as error:  # noqa: BLE001 - a call may leave anything behind
        return Trained(raised=unreadable(error))
    return Trained(_floats(run.actor_losses), _floats(run.critic_losses), tuple(moved))


def _floats(losses: list[Any]) -> tuple[float | None, ...]:
    return tuple(float(loss) if isinstance(loss, float) else None for loss in losses)
