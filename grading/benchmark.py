"""How fast is learning? `nox -s benchmark` prints ratios from one run.

Plain loops are one environment at a time, an episode and an update in turn, in
`lesson.train_actor_critic`; one of them samples with `lesson.Actor.sample_action`, the other the
seed lesson's way, through a validated `torch.distributions.Categorical`. Whatever is divided by
each other is measured in turns, as other programs may use the machine too.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor

from grading.bank.pipeline import faulty
from grading.calibration.runs import PLACES
from grading.learning.ahead import core_to_spare
from grading.learning.group import Step, train_group, trained_by
from grading.learning.rule import judge, rule_in_force
from grading.oracle import Reference, reference_function
from lesson import Actor, train_actor_critic
from lesson.methods import actor_critic
from lesson.stacked import Settings, Trainer

STEP = ("actor_critic_step", "actor_critic_step")
COLLECT = ("collect_episode", "collect_episode_with_values")
TURNS = 3
A_WHILE, TICKS = 0.3, 500
"""Seconds that the stacked trainer works between so many steps of bare environments."""


@dataclass
class Rate:
    """Environment steps, and the seconds that they took."""

    name: str
    steps: float = 0
    seconds: float = 0

    def add(self, measured: tuple[float, float]) -> None:
        """Another measurement."""
        self.steps += measured[0]
        self.seconds += measured[1]

    @property
    def speed(self) -> float:
        """Steps a second."""
        return self.steps / self.seconds

    def __str__(self) -> str:
        return f"{self.name:<51}{self.steps:>10.0f}{self.seconds:>8.1f}{self.speed:>10.0f}"


def learning_check(step: Step, seed: int) -> tuple[float, float]:
    """(steps, seconds) of one learning check as `pytest` runs it: on two cores where it can."""
    rule = rule_in_force()
    begun = time.perf_counter()
    group = train_group(
        trained_by(step),
        seed,
        rule,
        until=lambda rewards, finished: judge(rewards, finished, rule) is not None,
        audit=Reference(),
        halves=core_to_spare(),
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


def _sample_the_seeds_way(actor: Actor, state: Tensor) -> tuple[int, Tensor]:
    policy = torch.distributions.Categorical(actor(state))
    action = policy.sample()
    return int(action.item()), policy.log_prob(action)


def stacked_and_bare(seed: int, places: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """(steps, seconds) of the stacked trainer with its updates, and of the ceiling.

    The ceiling is vector CartPole of the same size under random actions, and nothing else. It has
    its turn whenever the trainer has worked for a while.
    """
    rule = rule_in_force()
    settings = Settings(60, rule.actor_lr, rule.critic_lr)
    trainer = Trainer(actor_critic, 8 * places, seed, settings, places=places)
    env = gym.make_vec("CartPole-v1", num_envs=places, vectorization_mode="vector_entry_point")
    env.reset(seed=seed)
    random = np.random.default_rng(seed)
    steps = seconds = trained = 0.0
    begun = time.perf_counter()
    for _ in trainer.train():
        paused = time.perf_counter()
        if paused - begun < A_WHILE:
            continue
        trained += paused - begun
        for _ in range(TICKS):
            env.step(random.integers(2, size=places))
        begun = time.perf_counter()
        steps += TICKS * places
        seconds += begun - paused
    trained += time.perf_counter() - begun
    return (trainer.steps, trained), (steps, seconds)


def cold_import() -> float:
    """Seconds that a fresh Python takes to import torch, less what it takes to do nothing."""

    def taken(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own
        return time.perf_counter() - begun

    return taken("import torch") - taken("pass")


def main(arguments: list[str] | None = None) -> int:
    """Measure each in turn and print the table."""
    parser = argparse.ArgumentParser(prog="python -m grading.benchmark", description=__doc__)
    parser.add_argument("--episodes", type=int, default=500, help="of each plain run")
    parser.add_argument("--checks", type=int, default=9, help="learning checks to average over")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    reference = reference_function(*STEP)
    # Imports and first calls are not what is measured.
    learning_check(reference, seed=0)
    plain_loop(seed=0, episodes=1)

    check = Rate(f"learning check with its updates, {asked.checks} of them")
    sizes = (16, PLACES)
    trainers = {n: Rate(f"stacked trainer, {n} runs side by side") for n in sizes}
    ceilings = {n: Rate(f"bare CartPole, {n} side by side") for n in sizes}
    plain = Rate(f"plain loop, {asked.episodes} episodes")
    seeds = Rate(f"plain loop, the seed's sampling, {asked.episodes} episodes")
    verdicts, hopeless, imports = [], [], []
    for turn in range(TURNS):
        for seed in range(turn, asked.checks, TURNS):
            verdict = learning_check(reference, 1 + seed)
            check.add(verdict)
            verdicts.append(verdict[1])
            imports.append(cold_import())
        hopeless.append(learning_check(faulty(STEP[0], "sign_lost"), turn)[1])
        for n in sizes:
            trained, ceiling = stacked_and_bare(turn, n)
            trainers[n].add(trained)
            ceilings[n].add(ceiling)
    plain.add(plain_loop(1, asked.episodes))
    seeds.add(plain_loop(1, asked.episodes, the_seeds_way=True))

    print(f"{'':<51}{'steps':>10}{'seconds':>8}{'steps/s':>10}")
    rows = (check, *(r for n in sizes for r in (trainers[n], ceilings[n])), plain, seeds)
    print(*rows, sep="\n")
    print()
    one_import = median(imports)
    for name, value in (
        ("learning check / plain loop, in steps/s", check.speed / plain.speed),
        ("learning check / the seed's sampling, in steps/s", check.speed / seeds.speed),
        *(
            (f"stacked trainer / bare CartPole, {n}", trainers[n].speed / ceilings[n].speed)
            for n in sizes
        ),
        ("a verdict on the reference, seconds, median", median(verdicts)),
        ("the same, in cold imports of torch", median(verdicts) / one_import),
        ("a hopeless learner's verdict, in the same", median(hopeless) / one_import),
        ("one plain run / one verdict, in seconds", plain.seconds / median(verdicts)),
    ):
        print(f"{name:<51}{value:>10.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
