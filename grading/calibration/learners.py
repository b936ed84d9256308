"""Who is trained: the reference, and mistakes of the bank that somebody would call learning."""

from grading.bank.pipeline import faulty
from lesson.methods import actor_critic
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


def learner(name: str) -> Learner:
    """The one of this name."""
    if name == REFERENCE:
        return actor_critic
    return learner_of(faulty(STEP, ({**WRONG, **WEAKER})[name]))
