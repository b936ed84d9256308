"""Chooses a rule: when a group passes and when it fails, from learning curves of single runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from grading.calibration.groups import FittedTail
from grading.learning.rule import Look, Rule, judge
from lesson.stacked import Settings

FALSE_FAIL = 3e-7
"""That correct code fails, at all looks together; what is promised, 1e-6, leaves room for what the
runs at hand do not tell."""
EARLY_PASS = 3e-4
"""That the wrong learner most like the reference passes, at each look but the last. A tenth of this
costs a verdict on correct code a quarter more time."""


@dataclass(frozen=True)
class Shape:
    """A rule without its bounds."""

    runs: int
    window: int
    actor_lr: float
    critic_lr: float
    looks: tuple[int, ...]
    shared: bool = False
    """One network with two heads; its optimizer has the actor's learning rate."""

    @property
    def settings(self) -> Settings:
        """How its runs are trained."""
        return Settings(self.looks[-1], self.actor_lr, self.critic_lr, shared=self.shared)


def looks_until(episodes: int) -> tuple[int, ...]:
    """Every five episodes, from where the hopeless stand out already."""
    return tuple(range(30, episodes + 1, 5))


SHAPE = Shape(32, 20, 0.006, 0.06, looks_until(90))
"""The one in force; see the trade-off in the report."""


def choose(reference: FittedTail, wrong: Iterable[FittedTail], shape: Shape) -> Rule:
    """The rule with the most power at that false-fail probability.

    Takes the groups of the reference and of those who should fail. The lower bounds share the
    false-fail probability; the last of them decides. The upper ones only save time: they are where
    hardly any of those who should fail ever gets.
    """
    wrong = list(wrong)
    looks = []
    for episodes in shape.looks:
        low = reference.at(episodes).largest_with_below(FALSE_FAIL / len(shape.looks))
        high = max(one.at(episodes).smallest_with_at_least(EARLY_PASS) for one in wrong)
        last = episodes == shape.looks[-1]
        looks.append(Look(episodes, low, low if last else max(low, high)))
    return Rule(shape.runs, shape.window, shape.actor_lr, shape.critic_lr, tuple(looks))


UPDATE = 1.2e-3
TICK, TICK_OF_A_RUN = 120e-6, 2e-6
"""Seconds, on two shared cores, of a solution's update and of a step in all environments at once:
their proportion decides which rule gives a verdict soonest."""


def seconds(rewards: np.ndarray, rule: Rule, groups: int = 200) -> float:
    """That a verdict takes, on average over groups drawn from (runs, episodes) rewards."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(groups):
        group = rewards[random.integers(len(rewards), size=rule.runs)]
        verdict = judge(group, rule.episodes, rule)
        assert verdict is not None  # the last look always decides
        played = group[:, : verdict.look.episodes]
        ticks = (played + 1).sum(axis=1).max()  # each end of an episode takes one more
        found.append(UPDATE * played.size + ticks * (TICK + TICK_OF_A_RUN * rule.runs))
    return float(np.mean(found))


LEARNING_RATES = (
    (0.003, 0.03),
    (0.004, 0.04),
    (0.005, 0.03),
    (0.005, 0.05),
    (0.006, 0.03),
    (0.006, 0.06),
    (0.008, 0.04),
    (0.008, 0.08),
)


@dataclass(frozen=True)
class Grid:
    """The shapes that are tried: all that these can be combined to."""

    learning_rates: tuple[tuple[float, float], ...] = LEARNING_RATES
    runs: tuple[int, ...] = (12, 16, 20, 24, 28, 32)
    episodes: tuple[int, ...] = (60, 70, 80, 90)
    windows: tuple[int, ...] = (10, 20, 30)


@dataclass(frozen=True)
class Option:
    """A shape, and what it is worth."""

    shape: Shape
    false_pass: float
    """At the last look, of the wrong learner that passes most often, by the fitted tail."""
    seconds: float


def options(
    reference: np.ndarray,
    wrong: Sequence[np.ndarray],
    lrs: tuple[float, float],
    grid: Grid,
    *,
    shared: bool = False,
) -> Iterator[Option]:
    """All shapes of a grid with these learning rates, from (runs, episodes) rewards.

    Takes runs of as many episodes as any of them has: the reference's, and those of learners that
    should fail.
    """
    for runs, window in product(grid.runs, grid.windows):
        right = FittedTail(reference, runs, window)
        others = [FittedTail(one, runs, window) for one in wrong]
        for episodes in grid.episodes:
            shape = Shape(runs, window, *lrs, looks_until(episodes), shared)
            rule = choose(right, others, shape)
            false_pass = max(other.passes(rule.looks[-1:]) for other in others)
            yield Option(shape, false_pass, seconds(reference, rule))


def best(every: list[Option]) -> list[Option]:
    """Those that no other one beats in both, the fastest first."""
    front: list[Option] = []
    for option in sorted(every, key=lambda one: one.seconds):
        if not front or option.false_pass < front[-1].false_pass:
            front.append(option)
    return front
