"""Mistakes in the advantages."""

import numpy as np
from torch import Tensor

from grading.bank.mistakes.actor_critic_step.pipeline import (
    PIPELINE,
    Step,
    advantages,
    following,
    learn_together,
)
from lesson import GAMMA, compute_returns

READ = "the-advantage"
CONSTANT = "the-critic-is-a-constant-to-the-actor"


def learn_both_after_clearing_both(step: Step) -> None:
    """Both cleared, both backward, both stepped: what one loss sends astray stays."""
    for optimizer in step.optimizers:
        optimizer.zero_grad()
    step.actor_loss.backward(retain_graph=True)
    step.critic_loss.backward()
    for optimizer in step.optimizers:
        optimizer.step()


@PIPELINE.mistake(
    "advantages",
    title="the critic is also being trained on the actor's loss",
    misconception="the advantage was not detached before it met log_prob",
    hint="which network should the actor's loss be allowed to move?",
    read=CONSTANT,
    also={"update": learn_together},
)
def advantages_with_graph(step: Step) -> Tensor:
    """Not detached, one combined loss."""
    return step.returns - step.values


@PIPELINE.form_of(
    "advantages_with_graph", "advantages", also={"update": learn_both_after_clearing_both}
)
def advantages_with_graph_both_cleared_first(step: Step) -> Tensor:
    """Not detached, both optimizers cleared before both backward passes."""
    return step.returns - step.values


@PIPELINE.mistake(
    "advantages",
    title="the two losses share a graph, which the first backward pass uses up",
    misconception="the advantage was not detached, so that the actor's loss leads into the critic "
    "too",
    hint="on its way back from the actor's loss, should the gradient reach the critic at all?",
    read="a-graph-used-twice",
)
def advantages_share_the_graph(step: Step) -> Tensor:
    """Not detached: the critic's backward pass raises."""
    return step.returns - step.values


@PIPELINE.mistake(
    "advantages",
    title="the critic is not subtracted: the returns themselves weigh the log-probs",
    misconception="this is REINFORCE; the advantage is what the critic did not expect",
    hint="a return of 15 where 12 was expected: how much better than expected is that?",
    read=READ,
)
def advantages_without_baseline(step: Step) -> Tensor:
    """G."""
    return step.returns


@PIPELINE.mistake(
    "advantages",
    title="the baseline is an average over the episode instead of the critic's value",
    misconception="one number for all steps was taken where each state has an expectation of its "
    "own",
    hint="what was to be expected in this very state, and who knows it?",
    read=READ,
)
def advantages_over_the_mean_return(step: Step) -> Tensor:
    """G - mean(G)."""
    return step.returns - step.returns.mean()


@PIPELINE.form_of("advantages_over_the_mean_return", "advantages")
def advantages_over_the_mean_value(step: Step) -> Tensor:
    """G - mean(V)."""
    return step.returns - step.values.detach().mean()


@PIPELINE.mistake(
    "advantages",
    title="the advantages are normalised",
    misconception="they were brought to mean zero and spread one, which other algorithms do over "
    "large batches",
    hint="if every step went better than expected, should any advantage be negative?",
    read=READ,
    values=[1e-8, 1e-9, 0.0, 1e-6, 1e-5],
)
def advantages_normalised(step: Step, epsilon: float) -> Tensor:
    """(A - mean) / (std + epsilon), NaN at T = 1."""
    every = advantages(step)
    return (every - every.mean()) / (every.std() + epsilon)


@PIPELINE.form_of("advantages_normalised", "advantages", values=[1e-8, 1e-9, 1e-6])
def advantages_normalised_if_several(step: Step, epsilon: float) -> Tensor:
    """Left as they are at T = 1."""
    return advantages_normalised(step, epsilon) if step.length > 1 else advantages(step)


@PIPELINE.form_of("advantages_normalised", "advantages", values=[1e-8, 1e-9, 0.0])
def advantages_normalised_biased(step: Step, epsilon: float) -> Tensor:
    """With the biased spread, zero at T = 1."""
    every = advantages(step)
    return (every - every.mean()) / (every.std(unbiased=False) + epsilon)


@PIPELINE.mistake(
    "advantages",
    title="the mean is subtracted from the advantages",
    misconception="a second baseline was put on top of the critic",
    hint="if every step went better than expected, should any advantage be negative?",
    read=READ,
)
def advantages_centred(step: Step) -> Tensor:
    """A - mean(A)."""
    return advantages(step) - advantages(step).mean()


@PIPELINE.mistake(
    "advantages",
    title="the advantages are scaled",
    misconception="they were divided by their size, so that all episodes weigh alike",
    hint="should an episode full of surprises move the actor no more than one without?",
    read=READ,
)
def advantages_over_their_spread(step: Step) -> Tensor:
    """A / std(A)."""
    every = advantages(step)
    return every / (every.std(unbiased=False) + 1e-8)


@PIPELINE.form_of("advantages_over_their_spread", "advantages")
def advantages_over_the_largest(step: Step) -> Tensor:
    """A / max|A|."""
    every = advantages(step)
    return every / (every.abs().max() + 1e-8)


@PIPELINE.mistake(
    "advantages",
    title="the advantages are clipped",
    misconception="large surprises were cut off for stability",
    hint="is there a largest advantage in the lesson's formula?",
    read=READ,
    values=[1.0, 10.0, 5.0, 2.0, 100.0],
)
def advantages_clipped(step: Step, bound: float) -> Tensor:
    """A between -bound and bound."""
    return advantages(step).clamp(-bound, bound)


@PIPELINE.form_of("advantages_clipped", "advantages")
def advantages_squashed(step: Step) -> Tensor:
    """tanh(A)."""
    return advantages(step).tanh()


@PIPELINE.form_of("advantages_clipped", "advantages")
def advantages_signs(step: Step) -> Tensor:
    """Only the sign of A."""
    return advantages(step).sign()


@PIPELINE.mistake(
    "advantages",
    title="steps that went worse than expected are treated as if they had gone better",
    misconception="the size of the surprise was taken without its sign",
    hint="what should happen to the probability of an action that disappointed?",
    read=READ,
)
def advantages_absolute(step: Step) -> Tensor:
    """|A|."""
    return advantages(step).abs()


@PIPELINE.form_of("advantages_absolute", "advantages")
def advantages_squared(step: Step) -> Tensor:
    """A squared."""
    return advantages(step) ** 2


@PIPELINE.mistake(
    "advantages",
    title="steps that went worse than expected teach the actor nothing",
    misconception="only positive advantages were kept",
    hint="what should happen to the probability of an action that disappointed?",
    read=READ,
)
def advantages_positive_only(step: Step) -> Tensor:
    """max(A, 0)."""
    return advantages(step).relu()


@PIPELINE.mistake(
    "advantages",
    title="the advantages are one-step errors instead of return minus value",
    misconception="r_t + gamma V(s_{t+1}) - V(s_t) of temporal differences was taken; here the "
    "whole return is known",
    hint="after the episode, must the rest of the return still be estimated?",
    read=READ,
)
def advantages_of_one_step(step: Step) -> Tensor:
    """The TD residual."""
    values = step.values.detach()
    return step.tensor(step.rewards) + GAMMA * following(values) - values


@PIPELINE.form_of("advantages_of_one_step", "advantages")
def advantages_of_one_step_to_the_last_value(step: Step) -> Tensor:
    """The TD residual, the last value repeated after the end."""
    values = step.values.detach()
    return step.tensor(step.rewards) + GAMMA * following(values, values[-1:]) - values


@PIPELINE.mistake(
    "advantages",
    title="the advantages are built from the critic's forecasts instead of return minus value",
    misconception="generalised advantage estimation was used, which later algorithms do; here the "
    "whole return is known",
    hint="after the episode, must any part of the return still be estimated?",
    read=READ,
    values=[0.95, 0.97, 0.9],
)
def advantages_generalised(step: Step, decay: float) -> Tensor:
    """GAE(lambda)."""
    residuals = advantages_of_one_step(step).tolist()
    return step.tensor(compute_returns(residuals, GAMMA * decay))


@PIPELINE.mistake(
    "advantages",
    title="only the reward of the step itself is compared with the value",
    misconception="the value is a forecast of the whole return, and one reward was held against it",
    hint="what does the critic predict: the next reward, or everything that is still to come?",
    read=READ,
)
def advantages_of_rewards(step: Step) -> Tensor:
    """r_t - V(s_t)."""
    return step.tensor(step.rewards) - step.values.detach()


@PIPELINE.mistake(
    "advantages",
    title="the advantage subtracts the value of the next state",
    misconception="V(s_{t+1}) was taken where V(s_t) is meant",
    hint="in which state was the action chosen?",
    read=READ,
)
def advantages_over_the_next_value(step: Step) -> Tensor:
    """G_t - V(s_{t+1})."""
    values = step.values.detach()
    return step.returns - following(values)


@PIPELINE.form_of("advantages_over_the_next_value", "advantages")
def advantages_over_the_next_value_and_the_last_twice(step: Step) -> Tensor:
    """G_t - V(s_{t+1}), the last one repeated."""
    values = step.values.detach()
    return step.returns - following(values, values[-1:])


@PIPELINE.form_of("actor_loss_of_two_sums", "advantages")
def advantages_in_a_column(step: Step) -> Tensor:
    """(T, 1)."""
    return advantages(step).unsqueeze(1)


@PIPELINE.mistake(
    "advantages",
    title="every return less every value makes a T by T table of advantages",
    misconception="returns of shape (T, 1) met values of shape (T,), and broadcasting silently "
    "made a table",
    hint="print the shapes: what does subtracting the two give?",
    read="the-critic-loss",
)
def advantages_in_a_table(step: Step) -> Tensor:
    """(T, T): every return less every value."""
    return step.returns.unsqueeze(1) - step.values.detach()


@PIPELINE.mistake(
    "advantages",
    title="later steps weigh less in the actor loss",
    misconception="gamma^t was multiplied onto the advantage, although the return is discounted "
    "already",
    hint="does the lesson's sum weigh its steps?",
    read="the-actor-loss",
)
def advantages_discounted_by_time(step: Step) -> Tensor:
    """gamma^t A_t."""
    return advantages(step) * step.tensor(GAMMA ** np.arange(step.length))


@PIPELINE.mistake(
    "advantages",
    title="all steps share one advantage",
    misconception="one number for the episode was taken where each step has its own",
    hint="did every action of the episode turn out equally well?",
    read=READ,
)
def advantages_averaged(step: Step) -> Tensor:
    """mean(A) for all steps."""
    return advantages(step).mean().expand(step.length)


@PIPELINE.form_of("advantages_averaged", "actor_loss")
def actor_loss_of_a_mean_and_a_sum(step: Step) -> Tensor:
    """Mean times sum, as a tutorial on REINFORCE had it: Farama-Foundation/Gymnasium#1336."""
    return -(step.stacked().mean() * step.advantages).sum()


@PIPELINE.form_of("advantages_averaged", "advantages")
def advantages_of_the_first_step(step: Step) -> Tensor:
    """A_0 for all steps."""
    return advantages(step)[0].expand(step.length)


@PIPELINE.form_of("advantages_averaged", "advantages")
def advantages_of_the_last_step(step: Step) -> Tensor:
    """A_{T-1} for all steps: a variable of the loop was used after it."""
    return advantages(step)[-1].expand(step.length)


@PIPELINE.form_of("actor_loss_of_two_sums", "advantages")
def advantages_summed(step: Step) -> Tensor:
    """sum(A) for all steps."""
    return advantages(step).sum().expand(step.length)


@PIPELINE.form_of("actor_loss_of_reversed_log_probs", "advantages")
def advantages_reversed(step: Step) -> Tensor:
    """A_{T-1-t}."""
    return advantages(step).flip(0)


@PIPELINE.mistake(
    "advantages",
    title="the value is added to the return instead of subtracted",
    misconception="the sign of the baseline was lost",
    hint="a return of 15 where 12 was expected: how much better than expected is that?",
    read=READ,
)
def advantages_plus_value(step: Step) -> Tensor:
    """G + V."""
    return step.returns + step.values.detach()


@PIPELINE.mistake(
    "advantages",
    title="the advantage is the critic's value itself",
    misconception="the value was taken for the advantage, and what really happened was left out",
    hint="where does the return come in when the surprise is measured?",
    read=READ,
)
def advantages_are_values(step: Step) -> Tensor:
    """V."""
    return step.values.detach()


@PIPELINE.mistake(
    "advantages",
    title="the advantages are relative to the value",
    misconception="the surprise was measured in percent",
    hint="which operation stands between return and value in the formula?",
    read=READ,
)
def advantages_relative(step: Step) -> Tensor:
    """G / V - 1."""
    return step.returns / step.values.detach() - 1
