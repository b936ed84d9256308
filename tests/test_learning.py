"""Does it learn? 20 points, after everything that can be decided without luck."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from grading.checks import CheckFailed, check, fail_raised
from grading.learning import PROTOCOL, draw_curve, judge, train_group
from grading.messages import Message, number
from grading.optimizers import Adam
from grading.outcome import Raised
from grading.probes.live import arrays, preserved_globals
from grading.solution import Solution
from grading.study import stated_error
from lesson.training import TrainingRun, make_networks, train_actor_critic

pytestmark = pytest.mark.learning

STEP = ("actor_critic_step", "actor_critic_step")
COLLECT = ("collect_episode", "collect_episode_with_values")
READ = "putting-it-together"


def _functions(solution: Solution, *names: tuple[str, str]) -> list[Callable[..., Any]]:
    """The solution's functions, each of them attempted; fails the check otherwise."""
    functions = []
    for exercise, name in names:
        function = solution.function(exercise, name)
        if isinstance(function, Raised):
            fail_raised(function)
        functions.append(function)
    return functions


@check(
    "learning/own_functions",
    points=3,
    needs=["actor_critic_step/runs", "collect_episode/runs"],
    time_limit=60,
)
def test_the_lessons_training_loop_runs_with_both_functions(
    solution: Solution, device: str, case_seed: int
) -> None:
    """The lesson's training loop runs with both of your functions."""
    step, collect = _functions(solution, STEP, COLLECT)
    env = gym.make("CartPole-v1")
    before = [arrays(network) for network in make_networks(env, case_seed, device)]
    env.close()

    def play() -> TrainingRun:
        return train_actor_critic(
            step, collect, num_episodes=3, seed=case_seed, device=device, make_optimizer=Adam
        )

    run = _guarded(play, solution, case_seed)
    case = "3 episodes of CartPole-v1 in lesson.train_actor_critic"
    losses = [*run.actor_losses, *run.critic_losses]
    if not all(isinstance(loss, float) and isfinite(loss) for loss in losses):
        raise CheckFailed(
            Message(
                "training gives losses that are not finite numbers.",
                got=f"losses {losses}",
                expected="finite floats",
                case=case,
                read=READ,
            )
        )
    for name, weights, network in zip(
        ("actor", "critic"), before, (run.actor, run.critic), strict=True
    ):
        if all(np.array_equal(a, b) for a, b in zip(arrays(network), weights, strict=True)):
            raise CheckFailed(
                Message(
                    f"the {name} is the same after training as before.",
                    got=f"no weight of the {name} changed",
                    expected="both networks are updated after each episode",
                    think="do your two functions fit together: what one stores, the other needs?",
                    case=case,
                    read=READ,
                )
            )


@check("learning/group", points=17, needs=["actor_critic_step/runs"], time_limit=300)
def test_many_short_runs_learn_as_actor_critic_does(
    solution: Solution, device: str, case_seed: int, remarks: list[str]
) -> None:
    """Trained many times over, it learns as fast as Actor-Critic does."""
    (step,) = _functions(solution, STEP)
    group = _guarded(
        lambda: train_group(
            step,
            case_seed,
            device=device,
            until=lambda rewards, finished: judge(rewards, finished) is not None,
        ),
        solution,
        case_seed,
    )
    verdict = judge(group.rewards, group.finished)
    assert verdict is not None  # the last look always decides
    curve = draw_curve(group.rewards, group.finished)
    rule = (
        f"mean reward of the last {PROTOCOL.window} episodes, over {PROTOCOL.runs} runs, "
        f"within {PROTOCOL.episodes} episodes"
    )
    if not verdict.passed:
        raise CheckFailed(
            Message(
                "trained many times over, it does not learn as fast as Actor-Critic does.",
                got=f"{number(verdict.statistic)} after {verdict.episodes} episodes",
                expected=f"at least {number(PROTOCOL.threshold)}: {rule}",
                think="mend the other checks first: this one cannot tell what is wrong",
                case=f"error: {stated_error()}",
                read=READ,
                detail="\n".join(curve),
            )
        )
    remarks += [
        *curve,
        f"{number(verdict.statistic)} after {verdict.episodes} episodes; "
        f"needed: {number(PROTOCOL.threshold)}, the {rule}.",
        f"Error: {stated_error()}.",
    ]


def _guarded(play: Callable[[], Any], solution: Solution, seed: int) -> Any:
    """Run a training; what the solution raises fails the check, as its own fault."""
    with preserved_globals(seed):
        outcome = solution.attempt(STEP[0], play)
    if isinstance(outcome, Raised):
        if not outcome.traceback and outcome.exception is not None:
            raise outcome.exception  # nothing of the solution's: the grader's own fault
        fail_raised(outcome, read=READ)
    return outcome
