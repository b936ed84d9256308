"""A toy: the total of an episode."""

from collections.abc import Sequence


def discounted_total(rewards: Sequence[float], gamma: float = 0.99) -> float:
    """The sum of gamma^t * r_t over the T rewards of an episode."""
    # BEGIN SOLUTION
    return sum(gamma**t * reward for t, reward in enumerate(rewards))
    # END SOLUTION
