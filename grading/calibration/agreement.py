"""Whether two ways of training give the same distribution: Kolmogorov and Smirnov's test.

The plain loop, `lesson.train_actor_critic` with the reference's two functions, against the stacked
trainer; and the learning check with each honest variant against the check with the reference.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import ks_2samp


@dataclass(frozen=True)
class Comparison:
    """What was compared, and the probability of so large a difference between equals."""

    name: str
    counts: tuple[int, int]
    statistic: float
    """The largest difference of the two distribution functions."""
    p_value: float


def same(name: str, one: np.ndarray, other: np.ndarray) -> Comparison:
    """The test of two samples."""
    found = ks_2samp(one, other)
    return Comparison(name, (len(one), len(other)), float(found.statistic), float(found.pvalue))


def of_curves(plain: np.ndarray, stacked: np.ndarray) -> list[Comparison]:
    """Tests of the runs' mean rewards, (runs, episodes), in the parts of their learning curves."""
    return [
        same(
            f"episodes {end - 9} to {end}",
            *(r[:, end - 10 : end].mean(1) for r in (plain, stacked)),
        )
        for end in range(10, plain.shape[1] + 1, 10)
    ]


def holm(tests: list[Comparison]) -> float:
    """The smallest p-value, times the number of tests that it is the smallest of.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979; below 0.05, at
    least one of the differences is more than chance.
    """
    return min(1.0, len(tests) * min(test.p_value for test in tests))
