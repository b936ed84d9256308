"""Learning curves as text."""

from collections.abc import Sequence

import numpy as np

from grading.learning.rule import statistic

EVERY = 10
"""Episodes a line."""


def draw_curve(rewards: np.ndarray, finished: int, usual: Sequence[float]) -> list[str]:
    """The mean learning curve of (runs, episodes) rewards, beside that of correct code.

    `usual` has the mean reward of correct code in each ten episodes. A character is 5 steps.
    """
    lines = [f"episodes    yours  usual   mean reward of {len(rewards)} runs"]
    for end, correct in zip(range(EVERY, finished + 1, EVERY), usual, strict=False):
        value = statistic(rewards, end, EVERY)
        bar = "#" * round(value / 5) if np.isfinite(value) else ""
        lines.append(
            f"{end - EVERY + 1:>3} to {end:<3}  {value:>6.0f} {correct:>6.0f}   {bar}"[:76]
        )
    return lines
