"""The training loop: collect an episode, take a step, again.

Nothing is done behind the student's back: the loop calls the two functions it is given and
changes nothing in between (advantages, above all, are not normalised).
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gymnasium as gym
import torch
from torch.nn import Parameter
from torch.optim import Optimizer

from lesson.networks import Actor, Critic

Step = Callable[..., tuple[float, float]]
Collect = Callable[..., tuple[list[Any], list[Any], list[float], list[Any], list[float]]]


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
    observations, actions = env.observation_space, env.action_space
    if not (
        isinstance(observations, gym.spaces.Box)
        and len(observations.shape) == 1
        and isinstance(actions, gym.spaces.Discrete)
    ):
        raise ValueError(
            f"the lesson trains on flat observations and discrete actions; "
            f"this environment has {observations} and {actions}"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        actor = Actor(observations.shape[0], int(actions.n))
        critic = Critic(observations.shape[0])
    return actor.to(device), critic.to(device)


def train_actor_critic(
    step: Step,
    collect: Collect,
    *,
    env_name: str = "CartPole-v1",
    num_episodes: int = 500,
    lr_actor: float = 0.003,
    lr_critic: float = 0.01,
    seed: int = 0,
    device: str | torch.device = "cpu",
    make_optimizer: Callable[[Iterator[Parameter], float], Optimizer] = torch.optim.Adam,
    make_env: Callable[[str], gym.Env[Any, Any]] = gym.make,
    on_episode: Callable[[int, float, float, float], None] | None = None,
) -> TrainingRun:
    """Train on `env_name` with the solution's own `actor_critic_step` and collector.

    `seed` fixes weights, actions and environment. `on_episode(episode, reward, actor_loss,
    critic_loss)` is called after each update, `reward` being the undiscounted sum. The default
    actor learning rate is a third of the seed lesson's 0.01, at which correct code is a coin toss.
    """
    env = make_env(env_name)
    try:
        actor, critic = make_networks(env, seed, device)
        actor_optimizer = make_optimizer(actor.parameters(), lr_actor)
        critic_optimizer = make_optimizer(critic.parameters(), lr_critic)
        history: list[tuple[float, float, float]] = []
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            env.reset(seed=seed)  # the collector's own resets continue this stream
            for episode in range(num_episodes):
                states, _, rewards, log_probs, _ = collect(env, actor, critic)
                actor_loss, critic_loss = step(
                    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards
                )
                history.append((sum(rewards), actor_loss, critic_loss))
                if on_episode is not None:
                    on_episode(episode, *history[-1])
    finally:
        env.close()
    return TrainingRun(
        [reward for reward, _, _ in history],
        [actor_loss for _, actor_loss, _ in history],
        [critic_loss for _, _, critic_loss in history],
        actor,
        critic,
    )
