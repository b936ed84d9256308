"""What every run sees of CartPole, so that nothing prepared is of use."""

import numpy as np


class Disguise:
    """Each run sees CartPole with its components permuted, some negated, its actions relabelled.

    The initial weights are as likely as their mirror images, so the distribution of learning curves
    stays exactly as it was; a policy that was prepared for CartPole is of no use.
    """

    def __init__(self, random: np.random.Generator, runs: int) -> None:
        self._order = random.permuted(np.tile(np.arange(4), (runs, 1)), axis=1)
        self._signs = random.choice(np.array([-1, 1], np.float32), size=(runs, 4))
        self._swapped = random.integers(2, size=runs)

    def take_off(self) -> None:
        """Show CartPole as it is."""
        self._order[:], self._signs[:], self._swapped[:] = np.arange(4), 1, 0

    def states(self, observations: np.ndarray) -> np.ndarray:
        """What the runs are shown of (runs, 4) observations."""
        runs = np.arange(len(observations))[:, None]
        shown: np.ndarray = observations[runs, self._order] * self._signs
        return shown

    def actions(self, chosen: np.ndarray) -> np.ndarray:
        """The environments' actions for the ones that the runs chose."""
        return chosen ^ self._swapped
