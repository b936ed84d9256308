"""Who is trained: the reference, and mistakes of the bank that somebody would call learning."""

from collections.abc import Callable
from typing import Any

from grading.bank.pipeline import faulty, pipelines
from lesson.methods import actor_critic, with_extras
from lesson.stacked import Learner, learner_of

REFERENCE = "reference"
STEP = "actor_critic_step"

WRONG = {
    "sign flipped": "sign_lost",
    "permuted": "advantages_reversed",
    "no baseline": "advantages_without_baseline",
    "untrained critic": "update_without_the_critics_step",
    "total return": "returns_same_total",
    "stale gradients": "update_never_clears",
    "rewards of the past": "returns_of_the_past",
    "rewards for returns": "returns_are_rewards",
    "each with every advantage": "actor_loss_of_two_sums",
    "actor at rest": "actor_without_gradients",
    "no advantages": "actor_loss_without_advantages",
    "absolute advantages": "advantages_absolute",
    "values for advantages": "advantages_are_values",
    "critic's loss negated": "critic_loss_negated",
    "last step only": "actor_loss_of_the_last_step",
}
"""Learners that the check has to fail, and the mistake of the bank that each is."""

WEAKER = {
    "mean for sum": "actor_loss_averaged",
    "gamma 0.9": "returns_other_gamma[0.9]",
    "not discounted": "returns_undiscounted",
    "advantages normalised": "advantages_normalised[1e-08]",
    "signs of advantages": "advantages_signs",
    "advantages clipped": "advantages_clipped[1.0]",
    "stale gradients of the actor": "update_never_clears_the_actor",
}
"""Mistakes that learn well enough: told apart by the cases, not by learning."""


SHARED_STEP = "challenges/shared_backbone"
SHARED_COEFFICIENT = 0.5

SHARED_WRONG = {
    "sign flipped": "sign_lost",
    "permuted": "advantages_reversed",
    "rewards of the past": "returns_of_the_past",
    "policy never trained": "critic_only",
    "last step only": "actor_loss_of_the_last_step",
    "rewards for returns": "returns_are_rewards",
}
"""The same for one network with two heads."""

SHARED_WEAKER = {
    "no baseline": "advantages_without_baseline",
    "value head never trained": "actor_only",
    "critic's loss negated": "subtracted",
    "stale gradients": "never_clears",
    "mean for sum": "actor_loss_averaged",
    "absolute advantages": "advantages_absolute",
}
"""Those that learn nearly as well there: the values, which one optimizer teaches slowly, hardly
matter before a run ends."""


def learner(name: str, *, shared: bool = False) -> Learner:
    """The one of this name."""
    if name == REFERENCE:
        return with_extras(value_coefficient=SHARED_COEFFICIENT) if shared else actor_critic
    if shared:
        return learner_of(_shared_step(({**SHARED_WRONG, **SHARED_WEAKER})[name]), shared=True)
    return learner_of(faulty(STEP, ({**WRONG, **WEAKER})[name]))


def _shared_step(form: str) -> Callable[..., Any]:
    """With a mistake of its own, or of exercise 1, whose losses are made of the same pieces."""
    pipeline = pipelines()[SHARED_STEP]
    known = {one.name: one for one in (*pipelines()[STEP].forms(), *pipeline.forms())}
    return pipeline.build([known[form]])
