"""The training loop: collect an episode, take a step, again.

Nothing is done behind the student's back: the loop calls the two functions it is given and
changes nothing in between (advantages, above all, are not normalised).
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch.nn import Parameter
from torch.optim import Optimizer

from lesson.environments import dimensions
from lesson.networks import Actor, Critic

Step = Callable[..., tuple[float, float]]
Collect = Callable[..., tuple[list[Any], list[Any], list[float], list[Any], list[float]]]
MakeOptimizer = Callable[[Iterator[Parameter], float], Optimizer]

LR_ACTOR, LR_CRITIC = 0.003, 0.01
"""The actor's is a third of the seed lesson's 0.01, at which correct code is a coin toss."""


@dataclass(frozen=True)
class Episode:
    """An episode that was played, and the update that was made of it."""

    states: list[np.ndarray]
    rewards: list[float]
    values: list[float]
    actor_loss: float
    critic_loss: float


class TrainingRun(NamedTuple):
    """What a training run leaves: one entry an episode in each history, and the two networks."""

    reward_history: list[float]
    actor_losses: list[float]
    critic_losses: list[float]
    actor: Actor
    critic: Critic


def make_networks(
    env: gym.Env[Any, Any], seed: int, device: str | torch.device = "cpu"
) -> tuple[Actor, Critic]:
    """A fresh actor and critic for `env` (flat observations, discrete actions), from `seed`.

    Initialised on the CPU, so that a seed means the same weights on every device; the global
    random state is left as it was. Raises ValueError for any other kind of environment.
    """
    state_dim, n_actions = dimensions(env)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        actor = Actor(state_dim, n_actions)
        critic = Critic(state_dim)
    return actor.to(device), critic.to(device)


def episodes(
    env: gym.Env[Any, Any],
    actor: Actor,
    critic: Critic,
    step: Step,
    collect: Collect,
    *,
    lr_actor: float = LR_ACTOR,
    lr_critic: float = LR_CRITIC,
    seed: int = 0,
    make_optimizer: MakeOptimizer = torch.optim.Adam,
) -> Generator[Episode, None, None]:
    """Train without end: play an episode, update the networks, yield what happened.

    `seed` fixes actions and environment. The global random state is put back when the iterator is
    closed.
    """
    actor_optimizer = make_optimizer(actor.parameters(), lr_actor)
    critic_optimizer = make_optimizer(critic.parameters(), lr_critic)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        env.reset(seed=seed)  # the collector's own resets continue this stream
        while True:
            states, _, rewards, log_probs, values = collect(env, actor, critic)
            actor_loss, critic_loss = step(
                actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards
            )
            yield Episode(states, rewards, values, actor_loss, critic_loss)


def train_actor_critic(
    step: Step,
    collect: Collect,
    *,
    env_name: str = "CartPole-v1",
    num_episodes: int = 500,
    lr_actor: float = LR_ACTOR,
    lr_critic: float = LR_CRITIC,
    seed: int = 0,
    device: str | torch.device = "cpu",
    make_optimizer: MakeOptimizer = torch.optim.Adam,
    make_env: Callable[[str], gym.Env[Any, Any]] = gym.make,
    on_episode: Callable[[int, Episode], None] | None = None,
) -> TrainingRun:
    """Train on `env_name` with the solution's own `actor_critic_step` and collector.

    `seed` fixes weights, actions and environment. `on_episode(number, episode)` is called after
    each update.
    """
    env = make_env(env_name)
    try:
        actor, critic = make_networks(env, seed, device)
        history = []
        with closing(
            episodes(
                env,
                actor,
                critic,
                step,
                collect,
                lr_actor=lr_actor,
                lr_critic=lr_critic,
                seed=seed,
                make_optimizer=make_optimizer,
            )
        ) as played:
            for number, episode in enumerate(islice(played, num_episodes)):
                history.append((sum(episode.rewards), episode.actor_loss, episode.critic_loss))
                if on_episode is not None:
                    on_episode(number, episode)
    finally:
        env.close()
    return TrainingRun(
        [reward for reward, _, _ in history],
        [actor_loss for _, actor_loss, _ in history],
        [critic_loss for _, _, critic_loss in history],
        actor,
        critic,
    )
