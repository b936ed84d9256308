"""Whether a learner's updates are those of Actor-Critic, asked of some runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grading.cases import LearnersCase, UpdateFunction, Weights
from grading.outcome import Update
from grading.probes.training import Learners
from grading.solution import Callee

AUDITED_RUNS = 2
AGREEMENT = 0.5
"""Cosine that audited updates have at least, on average. The mistakes of the bank that learn have
more (0.6 and above), and changes that were prepared have next to none."""
AGREEMENT_OF_ONE_MODEL = 0.3
"""The same for one model with two heads, whose trunk the critic's loss moves as well: there,
mistakes that learn have 0.4 and above."""
MAX_JUMP = 10.0
"""Learning rates that an update may change a weight by. Adam's own bound is the larger of 1 and
(1 - beta1) / sqrt(1 - beta2) = 3.2; the rest is for those who step more than once."""


@dataclass(frozen=True)
class Agreement:
    """How updates of the actor agree with those of a step that is right."""

    cosine: float
    """Of the angle between the two changes, weighted by how far the updates went."""
    updates: int


def least_agreement(function: UpdateFunction) -> float:
    """That the updates of this function have with right ones."""
    return AGREEMENT_OF_ONE_MODEL if function.shared else AGREEMENT


def agreement(made: Sequence[tuple[float, float]]) -> Agreement | None:
    """Of (cosine, distance) of updates, if any were made."""
    if not made:
        return None
    cosines, lengths = np.array(made).T
    went = float(lengths.sum())
    return Agreement(float(cosines @ lengths) / went if went > 0 else 0.0, len(made))


class Audit:
    """The right update, made beside each update of a run, of the actor as it was before.

    The critic, or the value head, is the audit's own: with another's, any update of the actor could
    be made to look right.
    """

    def __init__(self, right: Callee, case: LearnersCase, run: int) -> None:
        networks = case.networks[run]
        self._before = networks.actor
        self._learners = Learners(right, replace(case, networks=(networks,)), "cpu")
        self.cosines: list[tuple[float, float]] = []
        """And how far each update went."""

    def compare(self, update: Update, states: np.ndarray, actions: np.ndarray) -> None:
        """Make the right update, and note the angle between the two."""
        self._learners.put_actor(0, self._before)
        right = self._learners.learn(0, states, actions)
        assert isinstance(right, Update)  # the reference does not raise
        self.cosines.append(_cosine(update.actor, right.actor, self._before))
        self._before = update.actor


def _cosine(one: Weights, other: Weights, origin: Weights) -> tuple[float, float]:
    """Of the angle between two changes, and the length of the first.

    A change that is not a number counts as one in the wrong direction, however far.
    """
    a, b = (
        np.concatenate([(n.astype(float) - o).ravel() for n, o in zip(new, origin, strict=True)])
        for new in (one, other)
    )
    if not np.isfinite(a).all():
        return -1.0, 1e6
    length, right = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if length == 0 or right == 0:
        return 0.0, length
    return float(np.clip((a / length) @ (b / right), -1, 1)), length
