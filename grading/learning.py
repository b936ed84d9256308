"""Does it learn? Many short CartPole runs at once, trained with the solution's own step.

Rollouts are batched over the runs: one call of gymnasium's vector environment and one batched
forward pass in numpy for all of them. Each finished episode goes to the solution's
`actor_critic_step` as in the lesson's loop: the run's own networks and optimizers, a list of
states, a list of scalar log-probs with their graph, a list of rewards.
"""

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch

from grading.optimizers import Adam
from grading.probes.live import log_probs_of
from lesson import Actor, Critic

Step = Callable[..., object]

MAX_STEPS = 500
"""The time limit of CartPole-v1."""


@dataclass(frozen=True)
class Protocol:
    """One group of runs, and the rule that judges it.

    The statistic after k episodes is the mean over the runs of each run's mean reward in its last
    `window` episodes. The group passes as soon as it reaches `threshold` at one of the `looks`;
    it fails when it has not by the last look, or is below `hopeless` at a look.
    """

    runs: int = 16
    episodes: int = 100
    window: int = 20
    threshold: float = 105.0
    looks: tuple[int, ...] = tuple(range(40, 101, 5))
    hopeless: tuple[tuple[int, float], ...] = ((40, 20.0), (60, 32.0))
    actor_lr: float = 0.003
    critic_lr: float = 0.01


PROTOCOL = Protocol()


@dataclass(frozen=True)
class Verdict:
    """What the rule says of a group's learning curves."""

    passed: bool
    statistic: float
    """The statistic at the look that decided."""
    episodes: int
    """The look that decided: episodes that every run had finished."""


def statistic(rewards: np.ndarray, episodes: int, window: int) -> float:
    """Mean over runs (rows) and over the last `window` of the first `episodes` episodes."""
    return float(rewards[:, max(0, episodes - window) : episodes].mean())


def judge(rewards: np.ndarray, finished: int, protocol: Protocol = PROTOCOL) -> Verdict | None:
    """The verdict on (runs, episodes) rewards of which `finished` columns are complete, if any yet.

    A pure function of the curves, and the same whether it is asked during training or after.
    """
    hopeless = dict(protocol.hopeless)
    for look in protocol.looks:
        if look > finished:
            return None
        value = statistic(rewards, look, protocol.window)
        if value >= protocol.threshold:
            return Verdict(True, value, look)
        # Written so that NaN is hopeless.
        if look == protocol.episodes or not value >= hopeless.get(look, -np.inf):
            return Verdict(False, value, look)
    return None


@dataclass(frozen=True)
class Group:
    """The learning curves of a group of runs."""

    rewards: np.ndarray
    """(runs, episodes) sums of rewards; NaN for episodes that were not finished."""
    finished: int
    """Episodes that every run finished."""
    steps: int
    """Environment steps in all."""


def train_group(
    step: Step,
    seed: int,
    protocol: Protocol = PROTOCOL,
    device: str = "cpu",
    until: Callable[[np.ndarray, int], bool] | None = None,
) -> Group:
    """Train `protocol.runs` independent runs, each for `protocol.episodes` episodes.

    Every run has its own networks, optimizers and environment, all from `seed`. Stops early when
    `until(rewards, finished)` says so; it is asked whenever all runs have finished another episode.
    What `step` raises is not caught.
    """
    runs = _Runs(step, seed, protocol, device)
    asked = 0
    while runs.episodes_done.min() < protocol.episodes:
        runs.advance()
        finished = int(runs.episodes_done.min())
        if finished > asked:
            asked = finished
            if until is not None and until(runs.rewards, finished):
                break
    return Group(runs.rewards, asked, runs.steps)


class _Runs:
    """The runs of a group; `advance` takes one step in every environment.

    What every environment showed and was given goes into one log, a row a tick. An episode is the
    rows between two ticks in one run's column, so nothing is sorted out before an episode ends.
    """

    def __init__(self, step: Step, seed: int, protocol: Protocol, device: str) -> None:
        n = protocol.runs
        self.step_function = step
        self.protocol = protocol
        self.random = np.random.default_rng(seed)
        self.env = gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")
        self.learners = [_Learner(seed * n + run, protocol, device) for run in range(n)]
        # The actors' weights, stacked over the runs for the batched forward pass.
        self.weights = [
            np.stack(layer)
            for layer in zip(*(learner.actor_weights() for learner in self.learners), strict=True)
        ]
        self.observations, _ = self.env.reset(seed=int(self.random.integers(2**31)))
        ticks = protocol.episodes * (MAX_STEPS + 1)
        self.log_states = np.empty((ticks, n, 4), np.float32)
        self.log_actions = np.empty((ticks, n), np.int64)
        self.tick = 0
        self.begun = np.zeros(n, np.int64)
        self.episodes_done = np.zeros(n, np.int64)
        self.rewards = np.full((n, protocol.episodes), np.nan)
        self.steps = 0

    def advance(self) -> None:
        hidden_weight, hidden_bias, output_weight, output_bias = self.weights
        hidden = np.matmul(self.observations[:, None, :], hidden_weight)
        hidden += hidden_bias
        np.maximum(hidden, 0, out=hidden)
        logits = (np.matmul(hidden, output_weight) + output_bias)[:, 0]
        right = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        actions = (self.random.random(len(right)) < right).astype(np.int64)

        self.log_states[self.tick] = self.observations
        self.log_actions[self.tick] = actions
        self.observations, _, terminated, truncated, _ = self.env.step(actions)
        self.tick += 1
        over = terminated | truncated
        if over.any():
            for run in np.flatnonzero(over):
                if self.episodes_done[run] < self.protocol.episodes:
                    self._finish(int(run))
            # The tick after an episode's end only resets; the next episode begins behind it.
            self.begun[over] = self.tick + 1

    def _finish(self, run: int) -> None:
        """Hand the finished episode to the solution, and take in the new weights."""
        learner = self.learners[run]
        rows = slice(self.begun[run], self.tick)
        states = self.log_states[rows, run].copy()
        learner.learn(self.step_function, states, self.log_actions[rows, run].copy())
        for stacked, weight in zip(self.weights, learner.actor_weights(), strict=True):
            stacked[run] = weight
        self.rewards[run, self.episodes_done[run]] = len(states)
        self.episodes_done[run] += 1
        self.steps += len(states)


class _Learner:
    """The networks and optimizers of one run."""

    def __init__(self, seed: int, protocol: Protocol, device: str) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.actor, self.critic = Actor(4, 2), Critic(4)
        self.actor.to(device)
        self.critic.to(device)
        self.actor_optimizer = Adam(self.actor.parameters(), protocol.actor_lr)
        self.critic_optimizer = Adam(self.critic.parameters(), protocol.critic_lr)

    def actor_weights(self) -> list[np.ndarray]:
        """The actor's weights as row vectors and (in, out) matrices."""
        weights = (p.detach().cpu().numpy() for p in self.actor.parameters())
        return [w.T if w.ndim == 2 else w[None] for w in weights]

    def learn(self, step: Step, states: np.ndarray, actions: np.ndarray) -> None:
        log_probs = log_probs_of(self.actor, states, actions)
        step(
            self.actor,
            self.critic,
            self.actor_optimizer,
            self.critic_optimizer,
            list(states),
            list(log_probs.unbind()),
            [1.0] * len(states),  # CartPole pays 1 for every step
        )


def draw_curve(rewards: np.ndarray, finished: int, every: int = 10) -> list[str]:
    """The learning curve as text: a bar for each `every` episodes, a character for 5 steps."""
    lines = [f"episodes   mean reward of {len(rewards)} runs"]
    for end in range(every, finished + 1, every):
        value = statistic(rewards, end, every)
        bar = "#" * round(value / 5) if np.isfinite(value) else ""
        lines.append(f"{end - every + 1:>3} to {end:<3} {value:>6.0f}  {bar}"[:76])
    return lines
