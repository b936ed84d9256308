"""Does it learn? Many short CartPole runs at once, trained with the solution's own step.

Rollouts are batched over the runs: one call of gymnasium's vector environment and one batched
forward pass in numpy for all of them. Each finished episode goes to the solution's
`actor_critic_step`, which may be in another process: here are the environments and the curves.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import gymnasium as gym
import numpy as np

from grading.cases import LearnersCase, Weights, one_way, random_networks
from grading.outcome import Raised, Update
from grading.probes.training import Learners
from grading.solution import OwnFunction

Step = Callable[..., object]
Learn = Callable[[int, np.ndarray, np.ndarray], Update | Raised]
"""(run, states, actions) of a finished episode -> the run's new weights."""
Begin = Callable[[LearnersCase], AbstractContextManager[Learn]]
"""Makes the networks of a case; while it is entered, they can be updated."""

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

AUDITED_RUNS = 2
AGREEMENT = 0.5
"""Cosine that audited updates have at least, on average. The mistakes of the bank that learn have
more (0.78 and above), and changes that were prepared have next to none."""
MAX_JUMP = 10.0
"""Learning rates that an update may change a weight by. Adam's own bound is the larger of 1 and
(1 - beta1) / sqrt(1 - beta2) = 3.2; the rest is for those who step more than once."""


@dataclass(frozen=True)
class Agreement:
    """How updates of the actor agree with those of a step that is right."""

    cosine: float
    """Of the angle between the two changes, weighted by how far the updates went."""
    updates: int
    largest_change: float
    """Of a weight, in one update of any run, in learning rates."""


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
    raised: Raised | None = None
    """What came out of the step, and ended the training."""
    audit: Agreement | None = None
    """How the updates of the audited runs agree with the reference's."""


def trained_by(step: Step, device: str = "cpu") -> Begin:
    """Learners that are trained by a function in this process; what it raises is not caught."""
    return lambda case: nullcontext(Learners(OwnFunction(step), case, device).learn)


def train_group(
    begin: Begin,
    seed: int,
    protocol: Protocol = PROTOCOL,
    until: Callable[[np.ndarray, int], bool] | None = None,
    audit: Step | None = None,
    disguised: bool = True,
) -> Group:
    """Train `protocol.runs` independent runs, each for `protocol.episodes` episodes.

    Every run has its own networks, optimizers, environment and disguise, all from `seed`;
    `begin(case)` makes the networks and gives the function that updates them. Stops early when
    `until(rewards, finished)` says so; it is asked whenever all runs have finished another episode.
    `audit`, a step that is right, is made beside that of some runs, which the seed chooses.
    """
    runs = _Runs(seed, protocol, audit, disguised)
    asked = 0
    raised = None
    # Weights that grow without bound are the step's affair: its curves show them.
    with begin(runs.case) as learn, np.errstate(over="ignore", invalid="ignore"):
        while raised is None and runs.episodes_done.min() < protocol.episodes:
            raised = runs.advance(learn)
            finished = int(runs.episodes_done.min())
            if finished > asked:
                asked = finished
                if until is not None and until(runs.rewards, finished):
                    break
    return Group(runs.rewards, asked, runs.steps, raised, runs.agreement())


class _Runs:
    """The runs of a group; `advance` takes one step in every environment.

    What every environment showed and was given goes into one log, a row a tick. An episode is the
    rows between two ticks in one run's column, so nothing is sorted out before an episode ends.
    """

    def __init__(self, seed: int, protocol: Protocol, audit: Step | None, disguised: bool) -> None:
        n = protocol.runs
        self.protocol = protocol
        self.random = np.random.default_rng(seed)
        self.env = gym.make_vec("CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point")
        initial = np.random.default_rng([seed, *b"initial weights"])
        # As torch initialises the lesson's networks.
        networks = tuple(
            random_networks(initial, hidden_dim=128, actor_gain=1.0, critic_gain=1.0)
            for _ in range(n)
        )
        self.case = LearnersCase(networks, protocol.actor_lr, protocol.critic_lr, one_way(seed))
        # The actors' weights, stacked over the runs for the batched forward pass.
        self.weights = [
            np.stack(layer) for layer in zip(*(_rows(one.actor) for one in networks), strict=True)
        ]
        self.disguise = Disguise(np.random.default_rng([seed, *b"disguise"]), n)
        if not disguised:
            self.disguise.take_off()
        self.audits = {
            int(run): _Audit(audit, self.case, int(run))
            for run in np.random.default_rng([seed, *b"audit"]).permutation(n)[:AUDITED_RUNS]
            if audit is not None
        }
        observations, _ = self.env.reset(seed=int(self.random.integers(2**31)))
        self.shown = self.disguise.states(observations)
        ticks = protocol.episodes * (MAX_STEPS + 1)
        self.log_states = np.empty((ticks, n, 4), np.float32)
        self.log_actions = np.empty((ticks, n), np.int64)
        self.tick = 0
        self.begun = np.zeros(n, np.int64)
        self.episodes_done = np.zeros(n, np.int64)
        self.rewards = np.full((n, protocol.episodes), np.nan)
        self.steps = 0
        self.jump = 0.0

    def advance(self, learn: Learn) -> Raised | None:
        hidden_weight, hidden_bias, output_weight, output_bias = self.weights
        hidden = np.matmul(self.shown[:, None, :], hidden_weight)
        hidden += hidden_bias
        np.maximum(hidden, 0, out=hidden)
        logits = (np.matmul(hidden, output_weight) + output_bias)[:, 0]
        right = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        actions = (self.random.random(len(right)) < right).astype(np.int64)

        self.log_states[self.tick] = self.shown
        self.log_actions[self.tick] = actions
        observations, _, terminated, truncated, _ = self.env.step(self.disguise.actions(actions))
        self.shown = self.disguise.states(observations)
        self.tick += 1
        over = terminated | truncated
        if over.any():
            for run in np.flatnonzero(over):
                if self.episodes_done[run] < self.protocol.episodes:
                    raised = self._finish(int(run), learn)
                    if raised is not None:
                        return raised
            # The tick after an episode's end only resets; the next episode begins behind it.
            self.begun[over] = self.tick + 1
        return None

    def _finish(self, run: int, learn: Learn) -> Raised | None:
        """Hand the finished episode to the step, and take in the new weights."""
        rows = slice(self.begun[run], self.tick)
        states, actions = self.log_states[rows, run].copy(), self.log_actions[rows, run].copy()
        update = learn(run, states, actions)
        if isinstance(update, Raised):
            return update
        if run in self.audits:
            self.audits[run].compare(update, states, actions)
        for stacked, weight in zip(self.weights, _rows(update.actor), strict=True):
            # NaN stays: it is larger than anything.
            self.jump = float(np.maximum(self.jump, np.abs(weight - stacked[run]).max()))
            stacked[run] = weight
        self.rewards[run, self.episodes_done[run]] = len(states)
        self.episodes_done[run] += 1
        self.steps += len(states)
        return None

    def agreement(self) -> Agreement | None:
        made = np.array([pair for audit in self.audits.values() for pair in audit.cosines])
        if not made.size:
            return None
        cosines, lengths = made.T
        went = float(lengths.sum())
        cosine = float(cosines @ lengths) / went if went > 0 else 0.0
        return Agreement(cosine, len(made), self.jump / self.protocol.actor_lr)


class Disguise:
    """Each run sees CartPole with its components permuted, some negated, its actions relabelled.

    The initial weights are as likely as their mirror images, so the distribution of learning curves
    stays exactly as it was; a policy that was prepared for CartPole is of no use.
    """

    def __init__(self, random: np.random.Generator, runs: int) -> None:
        self._order = random.permuted(np.tile(np.arange(4), (runs, 1)), axis=1)
        self._signs = random.choice(np.array([-1, 1], np.float32), size=(runs, 4))
        self._swapped = random.integers(2, size=runs)

    def take_off(self) -> None:
        """Show CartPole as it is."""
        self._order[:], self._signs[:], self._swapped[:] = np.arange(4), 1, 0

    def states(self, observations: np.ndarray) -> np.ndarray:
        """What the runs are shown of (runs, 4) observations."""
        shown: np.ndarray = np.take_along_axis(observations, self._order, axis=1) * self._signs
        return shown

    def actions(self, chosen: np.ndarray) -> np.ndarray:
        """The environments' actions for the ones that the runs chose."""
        return chosen ^ self._swapped


class _Audit:
    """The right update, made beside each update of a run, of the actor as it was before.

    The critic is the audit's own: with another's, any update of the actor could be made to look
    right.
    """

    def __init__(self, step: Step, case: LearnersCase, run: int) -> None:
        networks = case.networks[run]
        self._before = networks.actor
        self._learners = Learners(OwnFunction(step), replace(case, networks=(networks,)), "cpu")
        self.cosines: list[tuple[float, float]] = []
        """And how far each update went."""

    def compare(self, update: Update, states: np.ndarray, actions: np.ndarray) -> None:
        self._learners.put_actor(0, self._before)
        right = self._learners.learn(0, states, actions)
        assert isinstance(right, Update)  # the reference does not raise
        self.cosines.append(_cosine(update.actor, right.actor, self._before))
        self._before = update.actor


def _cosine(one: Weights, other: Weights, origin: Weights) -> tuple[float, float]:
    """Of the angle between two changes, and the length of the first.

    A change that is not a number counts as one in the wrong direction, however far.
    """
    a, b = (
        np.concatenate([(n.astype(float) - o).ravel() for n, o in zip(new, origin, strict=True)])
        for new in (one, other)
    )
    if not np.isfinite(a).all():
        return -1.0, 1e6
    length, right = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if length == 0 or right == 0:
        return 0.0, length
    return float(np.clip((a / length) @ (b / right), -1, 1)), length


def _rows(weights: Weights) -> list[np.ndarray]:
    """Weights as row vectors and (in, out) matrices."""
    return [w.T if w.ndim == 2 else w[None] for w in weights]


def draw_curve(rewards: np.ndarray, finished: int, every: int = 10) -> list[str]:
    """The learning curve as text: a bar for each `every` episodes, a character for 5 steps."""
    lines = [f"episodes   mean reward of {len(rewards)} runs"]
    for end in range(every, finished + 1, every):
        value = statistic(rewards, end, every)
        bar = "#" * round(value / 5) if np.isfinite(value) else ""
        lines.append(f"{end - every + 1:>3} to {end:<3} {value:>6.0f}  {bar}"[:76])
    return lines
