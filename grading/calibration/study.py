"""What is trained for a calibration, and what is measured on it.

The runs that a rule is chosen from are not those that its errors are counted on.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from grading.binomial import upper_bound
from grading.calibration import groups, runs
from grading.calibration.design import Option, choose, options
from grading.calibration.groups import FittedTail
from grading.calibration.learners import REFERENCE
from grading.calibration.runs import Chunk, chunks
from grading.calibration.subjects import Subject
from grading.learning.rule import Rule
from grading.provenance import versions
from lesson.stacked import Settings


@dataclass(frozen=True)
class Plan:
    """All chunks of a calibration."""

    subject: Subject
    chunk: int = runs.CHUNK

    def to_explore(self, learner: str, lrs: tuple[float, float]) -> list[Chunk]:
        """Of a learner, with these learning rates."""
        subject = self.subject
        longest = max(subject.grid.episodes)
        settings = Settings(longest, *lrs, shared=subject.shape.shared)
        return chunks(learner, settings, subject.size.explored, self.chunk)

    def to_choose(self, learner: str) -> list[Chunk]:
        """Of the reference, or of one of the hardest."""
        size = self.subject.size
        wanted = size.chosen_from if learner == REFERENCE else size.others
        return chunks(learner, self.subject.shape.settings, wanted, self.chunk)

    def to_count(self, learner: str) -> list[Chunk]:
        """Of any learner; others than those to choose from."""
        first = len(self.to_choose(learner))
        size = self.subject.size
        wanted = size.counted if learner == REFERENCE else size.others
        return chunks(learner, self.subject.shape.settings, wanted, self.chunk, first)

    def plain(self) -> list[Chunk]:
        """Of the lesson's loop."""
        size = self.subject.size
        settings = replace(self.subject.shape.settings, episodes=size.plain_episodes)
        return chunks(runs.PLAIN, settings, size.plain, min(50, self.chunk))

    def every(self) -> list[Chunk]:
        """In the order in which they are wanted."""
        subject = self.subject
        tried = (REFERENCE, *subject.hardest)
        rates = subject.grid.learning_rates
        wanted = [
            *(c for lrs in rates for name in tried for c in self.to_explore(name, lrs)),
            *(c for name in tried for c in self.to_choose(name)),
            *(c for name in (*subject.wrong, *subject.weaker) for c in self.to_count(name)),
            *self.plain(),
            *self.to_count(REFERENCE),
        ]
        return list(dict.fromkeys(wanted))  # some are to explore and to choose from


def trade_off(plan: Plan, folder: Path) -> list[Option]:
    """Every shape that was tried."""
    found: list[Option] = []
    subject = plan.subject
    for lrs in subject.grid.learning_rates:
        wrong = [runs.read(plan.to_explore(name, lrs), folder) for name in subject.hardest]
        right = runs.read(plan.to_explore(REFERENCE, lrs), folder)
        found += options(right, wrong, lrs, subject.grid, shared=subject.shape.shared)
    return found


def choose_rule(plan: Plan, folder: Path) -> Rule:
    """The rule of the chosen shape."""
    shape = plan.subject.shape

    def tail(learner: str) -> FittedTail:
        return FittedTail(runs.read(plan.to_choose(learner), folder), shape.runs, shape.window)

    return choose(tail(REFERENCE), map(tail, plan.subject.hardest), shape)


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """The contents of the data file: the rule, and its errors."""
    rule = choose_rule(plan, folder)
    subject = plan.subject
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
            name: {"mistake": mistake, "should_fail": name in subject.wrong}
            | passes(runs.read(plan.to_count(name), folder), rule)
            for name, mistake in ({**subject.wrong, **subject.weaker}).items()
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
