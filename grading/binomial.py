"""Exact binomial tails and Clopper-Pearson bounds, without a statistics package."""

from math import exp, lgamma, log, log1p


def tail_at_most(successes: int, trials: int, probability: float) -> float:
    """P(X <= successes) for X ~ Binomial(trials, probability), 0 < probability < 1."""
    return min(1.0, sum(_mass(k, trials, probability) for k in range(successes + 1)))


def acceptance(trials: int, probability: float, false_alarm: float) -> tuple[int, int]:
    """The smallest and the largest count that is believed.

    A true Binomial(trials, probability) falls outside with at most `false_alarm`, half a side.
    """

    def first_believed(counts: range) -> int:
        tail = 0.0
        for k in counts:
            tail += _mass(k, trials, probability)
            if tail > false_alarm / 2:
                return k
        raise ValueError(f"false_alarm must be below 1, not {false_alarm}")

    return first_believed(range(trials + 1)), first_believed(range(trials, -1, -1))


def upper_bound(failures: int, trials: int, confidence: float = 0.95) -> float:
    """The one-sided Clopper-Pearson bound: a larger failure rate would show more failures.

    With no failures this is 1 - (1 - confidence)^(1 / trials). Source: Clopper and Pearson (1934).
    """
    if failures == trials:
        return 1.0
    low, high = failures / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if 0 < middle < 1 and tail_at_most(failures, trials, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _mass(k: int, trials: int, probability: float) -> float:
    ways = lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1)
    return exp(ways + k * log(probability) + (trials - k) * log1p(-probability))
