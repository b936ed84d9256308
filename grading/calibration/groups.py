"""What groups of runs do, from what single runs did.

Two ways, and it is always said which: *counting* forms groups of runs of which none is used twice,
and asks the rule; the *fitted tail* goes below what counting can show. It takes the runs' scores as
the distribution of a single run and adds up independent draws from it exactly, by convolution.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from grading.learning.rule import Look, Rule, Verdict, judge

Scores = np.ndarray
"""(runs,) integers: the sum of a run's rewards in the episodes that a look takes the mean of."""


def scores(rewards: np.ndarray, episodes: int, window: int) -> Scores:
    """Of (runs, episodes) rewards at the look after `episodes`."""
    counted = rewards[:, max(0, episodes - window) : episodes]
    return np.rint(counted.sum(axis=1)).astype(np.int64)


class GroupMean:
    """The distribution of a group's statistic at one look: a fitted tail."""

    def __init__(self, scores: Scores, runs: int, window: int) -> None:
        """`runs` independent draws from `scores`; every run's score has the same weight."""
        one = np.bincount(scores) / len(scores)
        size = runs * (len(one) - 1) + 1
        # Errors of a Fourier transform are absolute, about 1e-16, far below the tails of interest.
        transform = np.fft.rfft(one, 1 << size.bit_length())
        self.mass = np.fft.irfft(transform**runs)[:size].clip(0)
        """Of each total of the group, from 0 on."""
        self._scale = runs * window

    def below(self, threshold: float) -> float:
        """P(statistic < threshold)."""
        return float(self.mass[: self._total(threshold)].sum())

    def at_least(self, threshold: float) -> float:
        """P(statistic >= threshold)."""
        return float(self.mass[self._total(threshold) :].sum())

    def largest_with_below(self, probability: float) -> float:
        """The largest threshold such that P(statistic < threshold) <= probability."""
        cumulative = np.cumsum(self.mass)
        return int(np.searchsorted(cumulative, probability, side="right")) / self._scale

    def smallest_with_at_least(self, probability: float) -> float:
        """The smallest threshold such that P(statistic >= threshold) <= probability."""
        cumulative = np.cumsum(self.mass[::-1])
        above = int(np.searchsorted(cumulative, probability, side="right"))
        return (len(self.mass) - above) / self._scale

    def density(self) -> tuple[np.ndarray, np.ndarray]:
        """(statistic, probability per unit of it), in steps of one."""
        bins = len(self.mass) // self._scale
        mass = self.mass[: bins * self._scale].reshape(bins, self._scale).sum(axis=1)
        return np.arange(bins) + 0.5, mass

    def _total(self, threshold: float) -> int:
        """The smallest total that reaches a threshold; thresholds are exact to a rounding error."""
        return max(0, int(np.ceil(threshold * self._scale - 1e-6)))


class FittedTail:
    """What a learner's groups do at every look, by the fitted tail."""

    def __init__(self, rewards: np.ndarray, runs: int, window: int) -> None:
        """From the (runs, episodes) rewards of single runs, for groups of `runs`."""
        self._rewards, self._runs, self._window = rewards, runs, window
        self._means: dict[int, GroupMean] = {}

    def at(self, episodes: int) -> GroupMean:
        """The distribution of the statistic after so many episodes; kept, as it takes a while."""
        if episodes not in self._means:
            found = scores(self._rewards, episodes, self._window)
            self._means[episodes] = GroupMean(found, self._runs, self._window)
        return self._means[episodes]

    def fails(self, looks: Iterable[Look]) -> float:
        """A bound: the sum over the looks of P(that look fails the group)."""
        return min(1.0, sum(self.at(look.episodes).below(look.low) for look in looks))

    def passes(self, looks: Iterable[Look]) -> float:
        """A bound: the sum over the looks of P(that look passes the group)."""
        return min(1.0, sum(self.at(look.episodes).at_least(look.high) for look in looks))


def fails_below(
    rewards: np.ndarray, rule: Rule, draws: int = 200, confidence: float = 0.95
) -> float:
    """The upper bound of `FittedTail.fails` by a bootstrap: what it owes to the runs at hand."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        drawn = rewards[random.integers(len(rewards), size=len(rewards))]
        found.append(FittedTail(drawn, rule.runs, rule.window).fails(rule.looks))
    return float(np.quantile(found, confidence))


def groups_of(rewards: np.ndarray, runs: int) -> Iterator[np.ndarray]:
    """Groups of `runs` rows each, of which none is used twice."""
    for first in range(0, len(rewards) - runs + 1, runs):
        yield rewards[first : first + runs]


def verdicts(rewards: np.ndarray, rule: Rule) -> list[Verdict]:
    """The rule's, of all groups."""
    found = (judge(group, rule.episodes, rule) for group in groups_of(rewards, rule.runs))
    return [verdict for verdict in found if verdict is not None]
