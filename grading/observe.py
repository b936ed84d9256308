"""Observations: what an outcome tells by itself when no known mistake does the same.

Under SGD, the change of a network is a sum over the steps of the episode, each step's gradient
times a weight. The weights that a solution gave to the steps can be read off the change; how they
differ from the right ones says more than how long a gradient is.
"""

from collections.abc import Iterator

import numpy as np
import torch

from grading.cases import StepCase
from grading.compare import GRADIENT_TOLERANCE, describe_factor, ratio, same_arrays
from grading.messages import number
from grading.outcome import StepCall
from grading.probes.live import build, log_probs_of

TOLERANCE = 5e-3
"""Relative, on weights: solving for them loses digits."""


def telling(which: str, case: StepCase, got: StepCall, expected: StepCall) -> str:
    """The most telling thing about a call's effect on the actor or on the critic; may be empty.

    The weights of the steps can be read off only where there is one call, with SGD.
    """
    moved, wanted = got.delta(which), expected.delta(which)
    factor = describe_factor(ratio(moved, wanted), len(case.episodes[0].rewards))
    if factor or case.optimizer != "sgd" or len(case.episodes) > 1:
        return factor
    if got.actor_steps != 1 or got.critic_steps != 1:
        return ""
    mine, right = (step_weights(which, case, delta) for delta in (moved, wanted))
    if right is None:
        return ""
    if mine is None:
        return f"something moves the {which} that is not a weighted sum over the steps"
    return next(_differences(mine, right), "")


def only_the_number(which: str, got: StepCall, expected: StepCall) -> bool:
    """Whether the network moved as it should, so that only the returned loss is off."""
    return same_arrays(got.delta(which), expected.delta(which))


def step_weights(which: str, case: StepCase, delta: tuple[np.ndarray, ...]) -> np.ndarray | None:
    """The weight of each step in a change under SGD, (T,); None if it is no such sum.

    For the actor the right ones are the advantages; for the critic, 2 / T times its errors.
    Steps that cannot be told apart by their gradients give None too.
    """
    gradients = _gradients_of_steps(which, case)
    change = np.concatenate([d.ravel() for d in delta]).astype(np.float64) / case.lr(which)
    if np.linalg.matrix_rank(gradients) < len(gradients) or not np.isfinite(change).all():
        return None
    weights, *_ = np.linalg.lstsq(gradients.T, change, rcond=None)
    rest = np.linalg.norm(gradients.T @ weights - change)
    return weights if rest <= 10 * GRADIENT_TOLERANCE * np.linalg.norm(change) + 1e-6 else None


def _gradients_of_steps(which: str, case: StepCase) -> np.ndarray:
    """Row t: the gradient of log pi(a_t|s_t), or of -V(s_t), in the network's parameters."""
    actor, critic = build(case.networks, "cpu")
    episode = case.episodes[0]
    if which == "actor":
        terms = log_probs_of(actor, episode.states, np.array(episode.actions))
    else:
        terms = -critic(torch.from_numpy(episode.states))
    parameters = list((actor if which == "actor" else critic).parameters())
    return np.array(
        [
            torch.cat(
                [g.flatten() for g in torch.autograd.grad(t, parameters, retain_graph=True)]
            ).tolist()
            for t in terms
        ]
    )


def _differences(mine: np.ndarray, right: np.ndarray) -> Iterator[str]:
    """What can be said of wrong weights, the most telling first."""
    steps = len(right)
    scale = float(np.abs(right).max())
    same = np.abs(mine - right) <= TOLERANCE * scale
    gone = np.abs(mine) <= TOLERANCE * scale
    if (same | gone).all() and not gone.all():
        left_out = np.flatnonzero(gone & ~same).tolist()
        words = ", ".join(f"t={t}" for t in left_out)
        yield f"nothing is learnt from {words}, as if left out"
    if _close(mine, right[::-1], scale):
        yield "the steps' weights stand in reverse order"
    for shift in (1, -1):
        rolled = np.roll(right, shift)
        inner = slice(1, None) if shift == 1 else slice(None, -1)
        if steps > 2 and _close(mine[inner], rolled[inner], scale):
            where = "earlier" if shift == 1 else "later"
            yield f"each step has the weight of the one {where}"
    if _close(np.sort(mine), np.sort(right), scale):
        yield "the right weights are given to the wrong steps"
    if _close(np.abs(mine), np.abs(right), scale):
        yield "the size of each step's weight is right, but not its sign"
    if steps > 2 and np.ptp(mine) <= TOLERANCE * scale:
        yield "every step has the same weight, as if one number stood for all"
    if np.ptp(mine - right) <= TOLERANCE * scale:
        yield f"every step's weight is off by the same amount, {number(float(mine[0] - right[0]))}"
    if steps > 3 and abs(np.corrcoef(mine, right)[0, 1]) > 1 - 1e-5:
        yield "the steps' weights are the right ones, shifted and scaled, as if normalised"
    positive = right > 0
    if (same == positive).all():
        yield "only the steps whose weight is positive are right"


def _close(one: np.ndarray, two: np.ndarray, scale: float) -> bool:
    return bool((np.abs(one - two) <= TOLERANCE * scale).all())
