"""What is trained for a calibration, and what is measured on it.

The runs that a rule is chosen from are not those that its errors are counted on.
"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from grading.binomial import upper_bound
from grading.calibration import groups, runs
from grading.calibration.design import (
    EPISODES,
    LEARNING_RATES,
    SHAPE,
    Option,
    choose,
    options,
)
from grading.calibration.groups import FittedTail
from grading.calibration.learners import REFERENCE, WEAKER, WRONG
from grading.calibration.runs import Chunk, chunks
from grading.learning.rule import Rule
from grading.provenance import versions
from lesson.stacked import Settings

HARDEST = ("no baseline", "untrained critic", "stale gradients")
"""Those that learn most like the reference, of all that should fail: the last one at first."""


@dataclass(frozen=True)
class Size:
    """How many runs are trained."""

    explored: int = 1000
    """Of each learner, for each pair of learning rates, to choose a shape from."""
    chosen_from: int = 12_000
    """Of the reference, to choose the bounds from."""
    counted: int = 96_000
    """Of the reference, to count on."""
    others: int = 1000
    """Of each other learner, to count on; as many of the hardest to choose the bounds from."""
    plain: int = 500
    """Of the lesson's loop, ..."""
    plain_episodes: int = 50
    """... which is slow: this long."""


@dataclass(frozen=True)
class Plan:
    """All chunks of a calibration."""

    size: Size = field(default_factory=Size)
    chunk: int = runs.CHUNK

    def to_explore(self, learner: str, lrs: tuple[float, float]) -> list[Chunk]:
        """Of a learner, with these learning rates."""
        return chunks(learner, Settings(max(EPISODES), *lrs), self.size.explored, self.chunk)

    def to_choose(self, learner: str) -> list[Chunk]:
        """Of the reference, or of one of the hardest."""
        size = self.size.chosen_from if learner == REFERENCE else self.size.others
        return chunks(learner, SHAPE.settings, size, self.chunk)

    def to_count(self, learner: str) -> list[Chunk]:
        """Of any learner; others than those to choose from."""
        first = len(self.to_choose(learner))
        size = self.size.counted if learner == REFERENCE else self.size.others
        return chunks(learner, SHAPE.settings, size, self.chunk, first)

    def plain(self) -> list[Chunk]:
        """Of the lesson's loop."""
        settings = replace(SHAPE.settings, episodes=self.size.plain_episodes)
        return chunks(runs.PLAIN, settings, self.size.plain, min(50, self.chunk))

    def every(self) -> list[Chunk]:
        """In the order in which they are wanted."""
        tried = (REFERENCE, *HARDEST)
        wanted = [
            *(c for lrs in LEARNING_RATES for name in tried for c in self.to_explore(name, lrs)),
            *(c for name in tried for c in self.to_choose(name)),
            *(c for name in (*WRONG, *WEAKER) for c in self.to_count(name)),
            *self.plain(),
            *self.to_count(REFERENCE),
        ]
        return list(dict.fromkeys(wanted))  # some are to explore and to choose from


def trade_off(plan: Plan, folder: Path) -> list[Option]:
    """Every shape that was tried."""
    found: list[Option] = []
    for lrs in LEARNING_RATES:
        wrong = [runs.read(plan.to_explore(name, lrs), folder) for name in HARDEST]
        found += options(runs.read(plan.to_explore(REFERENCE, lrs), folder), wrong, lrs)
    return found


def choose_rule(plan: Plan, folder: Path) -> Rule:
    """The rule of the chosen shape."""

    def tail(learner: str) -> FittedTail:
        return FittedTail(runs.read(plan.to_choose(learner), folder), SHAPE.runs, SHAPE.window)

    return choose(tail(REFERENCE), map(tail, HARDEST), SHAPE)


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """The contents of the data file: the rule, and its errors."""
    rule = choose_rule(plan, folder)
    reference = runs.read(plan.to_count(REFERENCE), folder)
    verdicts = groups.verdicts(reference, rule)
    failed = sum(not verdict.passed for verdict in verdicts)
    return {
        "rule": asdict(rule),
        "reference": {
            "runs": len(reference),
            "groups": len(verdicts),
            "failed": failed,
            "by_counting_below": upper_bound(failed, len(verdicts)),
            "by_fitted_tail": FittedTail(reference, rule.runs, rule.window).fails(rule.looks),
            "by_fitted_tail_below": groups.fails_below(reference, rule),
            "episodes": float(np.mean([verdict.look.episodes for verdict in verdicts])),
            "curve": curve(reference),
        },
        "learners": {
            name: {"mistake": mistake, "should_fail": name in WRONG}
            | passes(runs.read(plan.to_count(name), folder), rule)
            for name, mistake in ({**WRONG, **WEAKER}).items()
        },
        "versions": versions(),
    }


def passes(rewards: np.ndarray, rule: Rule) -> dict[str, Any]:
    """How often a learner passes, from its (runs, episodes) rewards."""
    verdicts = groups.verdicts(rewards, rule)
    passed = sum(verdict.passed for verdict in verdicts)
    return {
        "runs": len(rewards),
        "groups": len(verdicts),
        "passed": passed,
        "by_counting_below": upper_bound(passed, len(verdicts)),
        "by_fitted_tail": FittedTail(rewards, rule.runs, rule.window).passes(rule.looks),
        "episodes": float(np.mean([verdict.look.episodes for verdict in verdicts])),
        "curve": curve(rewards),
    }


def curve(rewards: np.ndarray, every: int = 10) -> list[float]:
    """Mean reward of each ten episodes."""
    whole = rewards[:, : rewards.shape[1] // every * every]
    means = whole.reshape(len(rewards), -1, every).mean(axis=(0, 2))
    return [round(float(mean), 1) for mean in means]
