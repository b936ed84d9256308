"""Chance in an episode: the actions that one collector drew, for another one to draw again.

Two collectors that draw from the same probabilities need not take the same actions. To compare
them, the second one is given the first one's draws; with which probabilities it asked is kept.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from grading.cases import CollectCase
from grading.evidence import Chances
from grading.outcome import CollectOutcome
from grading.probes.live import build


def mean_chances(case: CollectCase, probabilities: Sequence[Tensor]) -> Chances:
    """The mean probability of the unlikely actions of each group; those never reached count 0."""

    def chance(t: int, action: int) -> float:
        return float(probabilities[t][action]) if t < len(probabilities) else 0.0

    return Chances(
        tuple(float(np.mean([chance(*step) for step in group.steps])) for group in case.groups)
    )


def certainty(action: int, case: CollectCase) -> Tensor:
    """The probabilities of an action that is taken for sure."""
    return torch.nn.functional.one_hot(torch.tensor(action), case.networks.n_actions)


class Draws:
    """Draws the actions that another collector drew, as far as they are known.

    Of a second draw in one step only traces are left: the action or the log-probability that was
    stored instead of the first one's.
    """

    def __init__(self, drawn: Sequence[int], drawn_again: Sequence[int]) -> None:
        self._known = (drawn, drawn_again)
        self.first: dict[int, Tensor] = {}
        """What was drawn from first at each step."""
        self.second: dict[int, Tensor] = {}
        self._given: dict[int, int] = {}

    def __call__(self, probabilities: Tensor, t: int, nth: int) -> int:
        """The action drawn from these probabilities, the nth draw of step t."""
        (self.second if nth else self.first)[t] = probabilities.detach().cpu()
        known = self._known[min(nth, 1)]
        action = known[t] if t < len(known) else int(probabilities.argmax())
        if nth == 0:
            self._given[t] = action
        return action

    def drawn(self) -> tuple[int, ...]:
        """The first draw of each step, in order."""
        return tuple(action for _, action in sorted(self._given.items()))


def stored_actions(outcome: CollectOutcome, case: CollectCase) -> tuple[int, ...]:
    """The actions that the lists speak of: those stored, or those of the stored log-probs."""
    steps = outcome.trajectory.steps
    actions, log_probs = outcome.actions or (), outcome.log_probs or ()
    if not steps or not len(steps) == len(actions) == len(log_probs):
        return tuple(int(action) for action in actions if np.isfinite(action))
    actor, _ = build(case.networks, "cpu")
    with torch.no_grad():
        states = np.array([step.state for step in steps], np.float32)
        every = actor(torch.from_numpy(states)).log().numpy()
    return tuple(
        int(stored) if stored != step.action else int(np.abs(row - log_prob).argmin())
        for step, stored, row, log_prob in zip(steps, actions, every, log_probs, strict=True)
        if np.isfinite(stored)
    )
