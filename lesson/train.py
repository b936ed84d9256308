"""Train one agent with a solution's own two functions, and keep everything worth keeping."""

import time
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import gymnasium as gym
import numpy as np
from safetensors.torch import save_file
from tqdm import tqdm

from lesson.history import History
from lesson.networks import Actor, Critic
from lesson.solutions import load
from lesson.training import episodes, make_networks

ENVIRONMENT = "CartPole-v1"
RECENT = 20
"""Episodes that the progress line averages over."""


@dataclass(frozen=True)
class Trained:
    """The networks and how they came about."""

    actor: Actor
    critic: Critic
    history: History
    interrupted: bool
    untrained: Actor
    """As it was in the beginning."""


def train(solution: str, num_episodes: int, seed: int, device: str) -> Trained:
    """Train on CartPole-v1; Ctrl-C ends it early, and what there is, is given back.

    Raises LessonError where a function is missing or not written yet.
    """
    step, collect = load(solution)
    history = History(ENVIRONMENT, seed, device)
    interrupted = False
    begun = time.perf_counter()
    with (
        gym.make(ENVIRONMENT) as env,
        tqdm(total=num_episodes, unit=" episodes", dynamic_ncols=True) as bar,
    ):
        actor, critic = make_networks(env, seed, device)
        untrained = deepcopy(actor)
        with closing(episodes(env, actor, critic, step, collect, seed=seed)) as played:
            try:
                for episode in islice(played, num_episodes):
                    history.add(episode, time.perf_counter() - begun)
                    bar.set_postfix_str(summary(history), refresh=False)
                    bar.update()
            except KeyboardInterrupt:
                interrupted = True
    return Trained(actor, critic, history, interrupted, untrained)


def summary(history: History) -> str:
    """The last episodes in a few words."""
    reward, actor_loss, critic_loss = (
        np.mean(numbers[-RECENT:])
        for numbers in (history.rewards, history.actor_losses, history.critic_losses)
    )
    seconds = history.seconds[-RECENT:]
    # CartPole pays 1 for a step. The first of these episodes began before its time was taken.
    speed = sum(history.rewards[-RECENT:][1:]) / max(seconds[-1] - seconds[0], 1e-3)
    return (
        f"reward {reward:.0f}, actor loss {actor_loss:.1f}, critic loss {critic_loss:.1f}, "
        f"{speed:.0f} steps/s"
    )


def save_weights(actor: Actor, critic: Critic, path: Path) -> None:
    """Both networks in one safetensors file, under `actor.` and `critic.`."""
    save_file(
        {
            f"{name}.{key}": value.detach().cpu().contiguous()
            for name, network in (("actor", actor), ("critic", critic))
            for key, value in network.state_dict().items()
        },
        path,
    )
