"""How fast is the learning check? `nox -s benchmark` prints ratios from one run.

Plain loops are one environment at a time, an episode and an update in turn, in
`lesson.train_actor_critic`; one of them samples with `lesson.Actor.sample_action`, the other the
seed lesson's way, through a validated `torch.distributions.Categorical`.
"""

import argparse
import sys
import time
from typing import Any

import torch
from torch import Tensor

from grading.learning import judge, train_group, trained_by
from grading.oracle import reference_function
from lesson import Actor, train_actor_critic

STEP = ("actor_critic_step", "actor_critic_step")
COLLECT = ("collect_episode", "collect_episode_with_values")


def _sample_the_seeds_way(actor: Actor, state: Tensor) -> tuple[int, Tensor]:
    policy = torch.distributions.Categorical(actor(state))
    action = policy.sample()
    return int(action.item()), policy.log_prob(action)


def learning_check(seed: int) -> tuple[float, float]:
    """(steps, seconds) of one learning check, with its early stop."""
    step = reference_function(*STEP)
    begun = time.perf_counter()
    group = train_group(
        trained_by(step), seed, until=lambda rewards, done: judge(rewards, done) is not None
    )
    return group.steps, time.perf_counter() - begun


def plain_loop(seed: int, episodes: int, the_seeds_way: bool = False) -> tuple[float, float]:
    """(steps, seconds) of one plain training run."""
    step, collect = reference_function(*STEP), reference_function(*COLLECT)

    def collect_the_seeds_way(env: Any, actor: Actor, critic: Any) -> Any:
        actor.sample_action = lambda state: _sample_the_seeds_way(actor, state)  # type: ignore[method-assign]
        return collect(env, actor, critic)

    begun = time.perf_counter()
    run = train_actor_critic(
        step,
        collect_the_seeds_way if the_seeds_way else collect,
        num_episodes=episodes,
        seed=seed,
    )
    return sum(run.reward_history), time.perf_counter() - begun


def main(arguments: list[str] | None = None) -> int:
    """Measure each in turn and print the table."""
    parser = argparse.ArgumentParser(prog="python -m grading.benchmark", description=__doc__)
    parser.add_argument("--episodes", type=int, default=500, help="of each plain run")
    parser.add_argument("--checks", type=int, default=5, help="learning checks to average over")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    # Imports and first calls are not what is measured.
    learning_check(seed=0)
    plain_loop(seed=0, episodes=1)
    checks = [learning_check(seed) for seed in range(1, asked.checks + 1)]
    check = [sum(column) / asked.checks for column in zip(*checks, strict=True)]
    plain = plain_loop(1, asked.episodes)
    seeds = plain_loop(1, asked.episodes, the_seeds_way=True)
    print(f"{'':<49}{'steps':>9}{'seconds':>9}{'steps/s':>9}")
    for name, (steps, seconds) in (
        (f"learning check with its updates, mean of {asked.checks}", check),
        (f"plain loop, {asked.episodes} episodes", plain),
        (f"plain loop, the seed's sampling, {asked.episodes} episodes", seeds),
    ):
        print(f"{name:<49}{steps:>9.0f}{seconds:>9.1f}{steps / seconds:>9.0f}")
    speed, plain_speed, seeds_speed = (s / t for s, t in (check, plain, seeds))
    print(f"learning check / plain loop, in steps/s          {speed / plain_speed:>9.1f}")
    print(f"learning check / the seed's sampling, in steps/s {speed / seeds_speed:>9.1f}")
    print(f"one plain run / one learning verdict, in seconds {plain[1] / check[1]:>9.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
