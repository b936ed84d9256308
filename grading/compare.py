"""Comparisons with reasoned tolerances, written so that NaN fails, and facts about a difference.

Honest implementations differ by rounding only: at most 1.6e-6 relative in float32 at T = 500. The
smallest mistake worth naming (an entropy term of 0.01, a discount off by one step) shows at 2.5e-3.
"""

from collections.abc import Sequence

import numpy as np

LOSS_TOLERANCE = 1e-4
"""Relative, on losses, values and log-probabilities."""
GRADIENT_TOLERANCE = 1e-3
"""Relative to the norm of the expected gradient, on the change of each parameter under SGD."""


def loss_scale(rewards: Sequence[float]) -> float:
    """The size of the terms that an episode's losses are summed from."""
    return len(rewards) * sum(abs(reward) for reward in rewards[:100])


def same_number(got: float | None, expected: float, scale: float = 0.0) -> bool:
    """Whether two numbers agree; `scale` is the size of the terms that were summed."""
    if got is None:
        return False
    return abs(got - expected) <= LOSS_TOLERANCE * abs(expected) + 1e-6 * max(scale, 1.0)


def same_numbers(
    got: Sequence[float] | np.ndarray | None, expected: Sequence[float] | np.ndarray
) -> bool:
    """Whether two lists agree in length and in every number."""
    return (
        got is not None
        and len(got) == len(expected)
        and all(same_number(g, e) for g, e in zip(got, expected, strict=True))
    )


def norm(arrays: Sequence[np.ndarray]) -> float:
    """The length of all arrays as one vector."""
    return float(np.sqrt(sum(float(np.sum(np.square(a, dtype=np.float64))) for a in arrays)))


def same_arrays(
    got: Sequence[np.ndarray] | None, expected: Sequence[np.ndarray], rounding: float = 1e-6
) -> bool:
    """Whether changes of parameters agree, each array by itself, so that a small one counts too.

    `rounding` is what float32 loses when a change is read off the weights (weights of order 1).
    """
    if got is None or len(got) != len(expected):
        return False
    whole = norm(expected)
    for g, e in zip(got, expected, strict=True):
        if g.shape != e.shape:
            return False
        tolerance = GRADIENT_TOLERANCE * norm([e]) + 1e-4 * whole + rounding
        if not norm([g.astype(np.float64) - e]) <= tolerance:
            return False
    return True


def ratio(got: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float | None:
    """The factor between two changes that point the same way (or opposite ways), else None."""
    whole = norm(expected)
    if whole == 0:
        return None
    product = sum(
        float(np.sum(g.astype(np.float64) * e)) for g, e in zip(got, expected, strict=True)
    )
    factor = product / whole**2
    rest = norm([g - factor * e for g, e in zip(got, expected, strict=True)])
    return factor if rest <= GRADIENT_TOLERANCE * max(norm(got), 1e-12) else None


def describe_factor(factor: float | None, steps: int) -> str:
    """What a factor between got and expected tells by itself; empty when it tells nothing."""
    if factor is None:
        return ""
    telling = {
        0.0: "it is zero",
        -1.0: "the sign is the other way round",
        0.5: "it is half of the expected one",
        2.0: "it is twice the expected one",
    }
    if steps > 1:
        telling |= {
            1 / steps: f"it is the expected one divided by T = {steps}",
            -1 / steps: f"it is minus the expected one divided by T = {steps}",
            float(steps): f"it is the expected one times T = {steps}",
        }
    return next(
        (
            words
            for value, words in telling.items()
            if abs(factor - value) <= 1e-3 * abs(value) + 1e-6
        ),
        "",
    )
