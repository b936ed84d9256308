"""Cases: plain data that fixes one call.

The numbers come from a seed, so that a grade can be made on cases that nobody has seen; what a
case must contain in order to tell mistakes apart is fixed here.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

Weights = tuple[np.ndarray, ...]
"""hidden weight (hidden, in), hidden bias, output weight (out, hidden), output bias."""


@dataclass(frozen=True, eq=False)
class Networks:
    """The initial weights of an actor and a critic, float32."""

    actor: Weights
    critic: Weights

    @property
    def state_dim(self) -> int:
        """Number of components of a state."""
        return int(self.actor[0].shape[1])

    @property
    def hidden_dim(self) -> int:
        """Width of the hidden layer."""
        return int(self.actor[0].shape[0])

    @property
    def n_actions(self) -> int:
        """Number of actions."""
        return int(self.actor[3].shape[0])


@dataclass(frozen=True, eq=False)
class Episode:
    """One finished episode: states (T, state_dim) float32, T actions, T rewards."""

    states: np.ndarray
    actions: tuple[int, ...]
    rewards: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class StepCase:
    """One or more calls of `actor_critic_step` in a row, one for each episode."""

    description: str
    """For the reader of a message: `T=2, rewards [1, -0.5]`."""
    networks: Networks
    episodes: tuple[Episode, ...]
    optimizer: Literal["sgd", "adam"] = "sgd"
    actor_lr: float = 0.01
    critic_lr: float = 0.01
    training: bool = True
    """The mode that the networks are in."""
    seed: int = 0
    """Of the global random states before the calls."""
    keywords: tuple[tuple[str, float], ...] = ()
    """Further arguments of each call, by their names."""
    shared: bool = False
    """The networks are one, of the solution's own making: `networks` agree in the first layer."""

    def lr(self, which: str) -> float:
        """The learning rate of the `actor` or of the `critic`."""
        return self.actor_lr if which == "actor" else self.critic_lr


@dataclass(frozen=True, eq=False)
class ModelCase:
    """A look at a model with two heads, of the solution's own making."""

    description: str
    networks: Networks
    """They agree in the first layer, which is the trunk."""
    states: np.ndarray
    """(T, state_dim) float32"""
    seed: int = 0
    """Of the global random states before the model is made."""
    default_width: bool = False
    """Whether it is made without a hidden_dim."""


@dataclass(frozen=True, eq=False)
class FunctionCase:
    """One call of a function of plain data."""

    description: str
    arguments: tuple[Any, ...]
    """Numbers, strings, arrays, and lists of these."""
    seed: int = 0
    """Of the global random states before the call."""


@dataclass(frozen=True, eq=False)
class HuntCase:
    """Steps that a test of steps is asked about, one after the other."""

    description: str
    steps: tuple[str, ...]
    """Their names, which only the trusted side knows; see grading.hidden_steps."""
    seed: int = 0
    """Of the global random states before each."""


@dataclass(frozen=True)
class Group:
    """Steps of an episode in which the less likely action has one and the same probability."""

    unlikely: float
    """That probability."""
    steps: tuple[tuple[int, int], ...]
    """(t, the less likely action) for each of the steps."""


@dataclass(frozen=True, eq=False)
class CollectCase:
    """Calls of `collect_episode_with_values` in a scripted or a real environment."""

    description: str
    networks: Networks
    seed: int
    """Of the global random states before the call, and of the environment."""
    observations: np.ndarray | None = None
    """(T + 1, state_dim) of the script; None for real CartPole."""
    rewards: tuple[float, ...] = ()
    terminated: bool = True
    truncated: bool = True
    reuse_buffer: bool = False
    max_episode_steps: int = 500
    """Time limit of real CartPole."""
    training: bool = True
    """The mode that the networks are in."""
    plays: int = 1
    """Calls in a row; the outcome is that of the last, with the actions of all."""
    groups: tuple[Group, ...] = ()
    """Steps whose actions are counted, in all of the plays."""


@dataclass(frozen=True, eq=False)
class CollectCall:
    """What a collector is told of a CollectCase: the environment shows the rest."""

    networks: Networks
    seed: int
    """Of the global random states before the call."""
    training: bool
    plays: int
    reuse_buffer: bool


def told(case: CollectCase) -> CollectCall:
    """The part of a case that does not give the script away."""
    return CollectCall(
        case.networks, one_way(case.seed), case.training, case.plays, case.reuse_buffer
    )


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """A few episodes of the lesson's training loop."""

    description: str
    env_name: str
    episodes: int
    seed: int


@dataclass(frozen=True)
class UpdateFunction:
    """A function that updates networks from a finished episode: where it is, and what it moves."""

    exercise: str
    name: str
    shared: bool = False
    """One model with two heads, of the solution's own making, for an actor and a critic."""


ACTOR_CRITIC_STEP = UpdateFunction("actor_critic_step", "actor_critic_step")


@dataclass(frozen=True, eq=False)
class LearnersCase:
    """Networks that are trained side by side, each with Adam optimizers of its own."""

    networks: tuple[Networks, ...]
    """If they are shared, they agree in the first layer."""
    actor_lr: float
    critic_lr: float
    """Of no use to networks that are shared: their one optimizer has the actor's."""
    seed: int
    """Of the global random states before the first update."""
    function: UpdateFunction = ACTOR_CRITIC_STEP

    def one(self, run: int) -> StepCase:
        """The networks of a run by themselves, and how they are trained."""
        return StepCase(
            "",
            self.networks[run],
            (),
            "adam",
            self.actor_lr,
            self.critic_lr,
            shared=self.function.shared,
        )


def one_way(seed: int) -> int:
    """A seed that can be shown without giving away what else is made from the first one."""
    return int.from_bytes(hashlib.blake2b(str(seed).encode(), digest_size=4).digest())


def beginning(case: CollectCase, steps: int = 80) -> CollectCase:
    """The first steps of a scripted case, played once: enough to ask for its groups' chances."""
    assert case.observations is not None
    steps = min(steps, len(case.rewards))
    groups = tuple(
        Group(group.unlikely, tuple(step for step in group.steps if step[0] < steps))
        for group in case.groups
    )
    return replace(
        case,
        observations=case.observations[: steps + 1],
        rewards=case.rewards[:steps],
        plays=1,
        groups=groups,
    )


def describe_episode(rewards: Sequence[float]) -> str:
    """An episode in a few words, for a message."""
    if len(rewards) > 8:
        return f"T={len(rewards)}"
    return f"T={len(rewards)}, rewards [" + ", ".join(f"{reward:g}" for reward in rewards) + "]"


def random_networks(
    rng: np.random.Generator,
    state_dim: int = 4,
    n_actions: int = 2,
    hidden_dim: int = 16,
    actor_gain: float = 1.5,
    critic_gain: float = 2.0,
) -> Networks:
    """Weights like `nn.Linear`'s, with output layers louder by a gain.

    The gains keep probabilities away from uniform and values away from zero, where mistakes hide.
    """

    def layer(inputs: int, outputs: int, gain: float = 1.0) -> Weights:
        bound = gain / inputs**0.5
        return (
            rng.uniform(-bound, bound, (outputs, inputs)).astype(np.float32),
            rng.uniform(-bound, bound, outputs).astype(np.float32),
        )

    return Networks(
        actor=layer(state_dim, hidden_dim) + layer(hidden_dim, n_actions, actor_gain),
        critic=layer(state_dim, hidden_dim) + layer(hidden_dim, 1, critic_gain),
    )


def on_one_trunk(networks: Networks) -> Networks:
    """The same, the critic's first layer being the actor's."""
    return replace(networks, critic=(*networks.actor[:2], *networks.critic[2:]))


def constant_networks(probabilities: Sequence[float], value: float, state_dim: int = 4) -> Networks:
    """An actor with fixed action probabilities and a critic with a fixed value, for any state.

    Only the output biases are not zero, so that every number of the case can be checked by hand.
    """
    hidden, n_actions = 2, len(probabilities)

    def zeros(outputs: int) -> Weights:
        return (
            np.zeros((hidden, state_dim), np.float32),
            np.zeros(hidden, np.float32),
            np.zeros((outputs, hidden), np.float32),
        )

    return Networks(
        actor=(*zeros(n_actions), np.log(np.array(probabilities)).astype(np.float32)),
        critic=(*zeros(1), np.array([value], np.float32)),
    )


def random_episode(
    rng: np.random.Generator, networks: Networks, rewards: Sequence[float]
) -> Episode:
    """An episode with these rewards in random states, with random actions."""
    steps = len(rewards)
    return Episode(
        states=rng.normal(size=(steps, networks.state_dim)).astype(np.float32),
        actions=tuple(int(a) for a in rng.integers(networks.n_actions, size=steps)),
        rewards=tuple(float(reward) for reward in rewards),
    )


def step_case(
    purpose: str,
    seed: int,
    rewards: Sequence[float],
    networks: Networks | None = None,
    actor_lr: float = 0.01,
    critic_lr: float = 0.01,
    **keywords: float,
) -> StepCase:
    """One call, with SGD, for an episode with these rewards; the rest is random."""
    rng = generator(seed, purpose)
    networks = networks or random_networks(rng)
    episode = random_episode(rng, networks, rewards)
    words = [describe_episode(episode.rewards), *(f"{k}={v:g}" for k, v in keywords.items())]
    return StepCase(
        ", ".join(words),
        networks,
        (episode,),
        actor_lr=actor_lr,
        critic_lr=critic_lr,
        seed=seed,
        keywords=tuple(keywords.items()),
    )


def generator(seed: int, purpose: str) -> np.random.Generator:
    """The random numbers of one purpose: adding a case leaves those of the others alone."""
    return np.random.default_rng([seed, *purpose.encode()])
