"""Does it learn? Many short CartPole runs at once, trained with the solution's own step.

Rollouts are batched over the runs: one call of gymnasium's vector environment and one batched
forward pass in numpy for all of them. Each finished episode goes to the solution's
step, which may be in another process: here are the environments and the curves.
Where there is a core to spare, half of the runs are trained beside the other half.
"""

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from grading.cases import (
    ACTOR_CRITIC_STEP,
    LearnersCase,
    UpdateFunction,
    Weights,
    on_one_trunk,
    one_way,
    random_networks,
)
from grading.learning.ahead import ahead
from grading.learning.audit import AUDITED_RUNS, Agreement, Audit, agreement
from grading.learning.disguise import Disguise
from grading.learning.rule import Rule
from grading.outcome import Raised, Update
from grading.probes.training import Learners
from grading.solution import Callee, OwnFunction

Step = Callable[..., object]
Learn = Callable[[int, np.ndarray, np.ndarray], Update | Raised]
"""(run, states, actions) of a finished episode -> the run's new weights."""
Begin = Callable[[LearnersCase], AbstractContextManager[Learn]]
"""Makes the networks of a case; while it is entered, they can be updated."""

MAX_STEPS = 500
"""The time limit of CartPole-v1."""
LEAD = 5
"""Episodes that a run may be ahead of the slowest: more would be trained for nothing once there is
a verdict, and with less, environments would wait for each other."""


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
    audited: tuple[tuple[float, float], ...] = ()
    """(cosine, distance) of the updates of the audited runs."""
    largest_change: float = 0.0
    """Of a weight of an actor, in one update of any run, in learning rates."""

    @property
    def audit(self) -> Agreement | None:
        """How the updates of the audited runs agree with the reference's."""
        return agreement(self.audited)


def trained_by(step: Step, device: str = "cpu") -> Begin:
    """Learners that are trained by a function in this process; what it raises is not caught."""
    return lambda case: nullcontext(Learners(OwnFunction(step), case, device).learn)


def train_group(
    begin: Begin,
    seed: int,
    rule: Rule,
    until: Callable[[np.ndarray, int], bool] | None = None,
    audit: Callee | None = None,
    disguised: bool = True,
    halves: bool = False,
    function: UpdateFunction = ACTOR_CRITIC_STEP,
) -> Group:
    """Train `rule.runs` independent runs, each for `rule.episodes` episodes.

    Every run has its own networks, optimizers, environment and disguise, all from `seed`;
    `begin(case)` makes the networks and gives the function that updates them. Stops early when
    `until(rewards, finished)` says so; it is asked whenever all runs have finished another episode.
    `audit` has a step that is right, made beside that of some runs, which the seed chooses.
    `halves` has half of the runs trained in a process of its own, which `begin` must stand.
    `function` is the one that trains, and says whether actor and critic are one model.
    """
    train = partial(_train, begin, disguised=disguised, function=function)
    groups: Iterable[Group]
    with ExitStack() as stack:
        if halves:
            half = replace(rule, runs=rule.runs // 2)
            rest = replace(rule, runs=rule.runs - half.runs)
            seeds = map(int, np.random.SeedSequence(seed).generate_state(2))
            ours = stack.enter_context(closing(train(next(seeds), rest, audit)))
            theirs = stack.enter_context(ahead(partial(train, next(seeds), half)))
            groups = map(_together, ours, theirs)
        else:
            groups = stack.enter_context(closing(train(seed, rule, audit)))
        for group in groups:
            if until is not None and not group.raised and until(group.rewards, group.finished):
                break
    return group


def _train(
    begin: Begin,
    seed: int,
    rule: Rule,
    audit: Callee | None = None,
    *,
    disguised: bool,
    function: UpdateFunction,
) -> Generator[Group, None, None]:
    """What there is whenever all runs have finished another episode, and when the step raises."""
    runs = _Runs(seed, rule, audit, disguised, function)
    finished = 0
    # Weights that grow without bound are the step's affair: its curves show them.
    with begin(runs.case) as learn, np.errstate(over="ignore", invalid="ignore"):
        while finished < rule.episodes:
            raised = runs.advance(learn)
            if raised is not None:
                yield runs.group(raised)
                return
            if runs.episodes_done.min() > finished:
                finished += 1
                yield runs.group()


def _together(one: Group, other: Group) -> Group:
    """Two parts of a group as one."""
    return Group(
        np.concatenate([one.rewards, other.rewards]),
        min(one.finished, other.finished),
        one.steps + other.steps,
        one.raised or other.raised,
        one.audited + other.audited,
        max(one.largest_change, other.largest_change),
    )


class _Runs:
    """The runs of a group; `advance` takes one step in every environment.

    What every environment showed and was given goes into one log, a row a tick. An episode is the
    rows between two ticks in one run's column, so nothing is sorted out before an episode ends.
    """

    def __init__(
        self,
        seed: int,
        rule: Rule,
        audit: Callee | None,
        disguised: bool,
        function: UpdateFunction,
    ) -> None:
        n = rule.runs
        self.rule = rule
        self.random = np.random.default_rng(seed)
        self.env: Any = gym.make_vec(
            "CartPole-v1", num_envs=n, vectorization_mode="vector_entry_point"
        )
        initial = np.random.default_rng([seed, *b"initial weights"])
        # As torch initialises the lesson's networks.
        networks = tuple(
            random_networks(initial, hidden_dim=128, actor_gain=1.0, critic_gain=1.0)
            for _ in range(n)
        )
        if function.shared:
            networks = tuple(map(on_one_trunk, networks))
        self.case = LearnersCase(networks, rule.actor_lr, rule.critic_lr, one_way(seed), function)
        # The actors' weights, stacked over the runs for the batched forward pass.
        self.weights = [
            np.stack(layer)
            for layer in zip(*(_laid_out(one.actor) for one in networks), strict=True)
        ]
        self.disguise = Disguise(np.random.default_rng([seed, *b"disguise"]), n)
        if not disguised:
            self.disguise.take_off()
        self.audits = {
            int(run): Audit(audit, self.case, int(run))
            for run in np.random.default_rng([seed, *b"audit"]).permutation(n)[:AUDITED_RUNS]
            if audit is not None
        }
        observations, _ = self.env.reset(seed=int(self.random.integers(2**31)))
        self.shown = self.disguise.states(observations)
        ticks = rule.episodes * (MAX_STEPS + 1)
        self.log_states = np.empty((ticks, n, 4), np.float32)
        self.log_actions = np.empty((ticks, n), np.int64)
        self.tick = 0
        self.begun = np.zeros(n, np.int64)
        self.episodes_done = np.zeros(n, np.int64)
        self.rewards = np.full((n, rule.episodes), np.nan)
        self.steps = 0
        self.jump = 0.0

    def advance(self, learn: Learn) -> Raised | None:
        """One step in every environment; what is finished goes to the solution."""
        waiting = self.episodes_done >= min(self.episodes_done.min() + LEAD, self.rule.episodes)
        actions = self._act()
        self.log_states[self.tick] = self.shown
        self.log_actions[self.tick] = actions
        # The next step only resets those who are done, so whoever waits has a fresh start.
        self.env.unwrapped.prev_done |= waiting
        observations, _, terminated, truncated, _ = self.env.step(self.disguise.actions(actions))
        self.shown = self.disguise.states(observations)
        self.tick += 1
        self.begun[waiting] = self.tick
        over = (terminated | truncated) & ~waiting
        if over.any():
            for run in np.flatnonzero(over):
                raised = self._finish(int(run), learn)
                if raised is not None:
                    return raised
            # The tick after an episode's end only resets; the next episode begins behind it.
            self.begun[over] = self.tick + 1
        return None

    def _act(self) -> np.ndarray:
        """An action for each run, drawn from its policy."""
        hidden_weight, hidden_bias, output_weight, output_bias = self.weights
        hidden = np.matmul(self.shown[:, None], hidden_weight)
        hidden += hidden_bias
        np.maximum(hidden, 0, out=hidden)
        logits = np.vecdot(hidden, output_weight) + output_bias
        right = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        drawn: np.ndarray = self.random.random(len(right)) < right
        return drawn.astype(np.int64)

    def _finish(self, run: int, learn: Learn) -> Raised | None:
        """Hand the finished episode to the step, and take in the new weights."""
        rows = slice(self.begun[run], self.tick)
        states, actions = self.log_states[rows, run].copy(), self.log_actions[rows, run].copy()
        update = learn(run, states, actions)
        if isinstance(update, Raised):
            return update
        if run in self.audits:
            self.audits[run].compare(update, states, actions)
        for stacked, weight in zip(self.weights, _laid_out(update.actor), strict=True):
            # NaN stays: it is larger than anything.
            self.jump = float(np.maximum(self.jump, np.abs(weight - stacked[run]).max()))
            stacked[run] = weight
        self.rewards[run, self.episodes_done[run]] = len(states)
        self.episodes_done[run] += 1
        self.steps += len(states)
        return None

    def group(self, raised: Raised | None = None) -> Group:
        """The learning curves so far."""
        return Group(
            self.rewards.copy(),
            int(self.episodes_done.min()),
            self.steps,
            raised,
            tuple(pair for audit in self.audits.values() for pair in audit.cosines),
            self.jump / self.rule.actor_lr,
        )


def _laid_out(weights: Weights) -> Weights:
    """An actor's weights, in the shapes that `_act` multiplies: (in, hidden), (1, hidden), ..."""
    hidden, bias, output, output_bias = weights
    return hidden.T, bias[None], output, output_bias
