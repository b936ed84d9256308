"""Mistakes in the critic's loss."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from grading.bank.mistakes.actor_critic_step.pipeline import (
    PIPELINE,
    Step,
    critic_loss,
    following,
    learn_together,
)
from lesson import GAMMA, compute_returns

READ = "the-critic-loss"


@PIPELINE.mistake(
    "critic_loss",
    title="the critic loss has no graph, so the critic cannot learn",
    misconception="the loss was made from values or advantages that were detached for the actor, "
    "or computed under no_grad",
    hint="the value is a constant in one of the two losses: in which?",
    read="a-loss-without-a-graph",
)
def critic_loss_without_graph(step: Step) -> Tensor:
    """The critic's backward pass raises."""
    return F.mse_loss(step.values.detach(), step.returns)


@PIPELINE.mistake(
    "critic_loss",
    title="the critic does not move, although its loss has a value",
    misconception="no gradient arrives: its loss was made from detached values, its backward pass "
    "is missing, or its gradients are cleared right before the step",
    hint="trace the way back from the loss to the critic's weights: where does it break off?",
    read=READ,
    also={"update": learn_together},
)
def critic_without_gradients(step: Step) -> Tensor:
    """Detached, in one combined loss."""
    return F.mse_loss(step.values.detach(), step.returns)


@PIPELINE.mistake(
    "critic_loss",
    title="the critic learns to predict the advantage instead of the return",
    misconception="the advantage was taken for the target of the value; it is the error itself",
    hint="what is the critic to predict: the return, or how far off it was?",
    read=READ,
)
def critic_loss_of_advantages(step: Step) -> Tensor:
    """The target is the advantage."""
    return F.mse_loss(step.values, step.returns - step.values.detach())


@PIPELINE.mistake(
    "critic_loss",
    title="the critic loss is a sum over the steps instead of their mean",
    misconception="it was summed as the actor's loss is",
    hint="what does the fraction in front of the sum do to long episodes?",
    read=READ,
)
def critic_loss_summed(step: Step) -> Tensor:
    """Times T."""
    return critic_loss(step) * step.length


@PIPELINE.mistake(
    "critic_loss",
    title="the critic loss is scaled by a constant",
    misconception="a factor such as the one half of textbooks, or a weight for a combined "
    "loss, was put in front",
    hint="which factor besides 1/T stands in front of the squares in the formula?",
    read=READ,
    values=[0.5, 0.25, 2.0, 0.1],
)
def critic_loss_scaled(step: Step, factor: float) -> Tensor:
    """Times a constant."""
    return factor * critic_loss(step)


@PIPELINE.form_of("critic_loss_scaled", "critic_loss")
def critic_loss_of_half_a_sum(step: Step) -> Tensor:
    """One half of the sum."""
    return 0.5 * step.length * critic_loss(step)


@PIPELINE.mistake(
    "critic_loss",
    title="the critic loss holds absolute errors instead of squared ones",
    misconception="another distance than the lesson's was taken",
    hint="what is done to each error before the mean is taken?",
    read=READ,
)
def critic_loss_absolute(step: Step) -> Tensor:
    """L1."""
    return F.l1_loss(step.values, step.returns)


@PIPELINE.mistake(
    "critic_loss",
    title="large errors count linearly in the critic loss",
    misconception="the Huber loss, or smooth L1, was taken for the squared error",
    hint="in the formula, does an error of 10 count a hundred times as much as one of 1?",
    read=READ,
    values=[1.0, 10.0, 0.5, 2.0],
)
def critic_loss_huber(step: Step, delta: float) -> Tensor:
    """Quadratic only up to delta."""
    return F.huber_loss(step.values, step.returns, delta=delta)


@PIPELINE.form_of("critic_loss_huber", "critic_loss", values=[10.0, 0.5, 2.0])
def critic_loss_smooth(step: Step, beta: float) -> Tensor:
    """Smooth L1, which is Huber over its beta."""
    return F.smooth_l1_loss(step.values, step.returns, beta=beta)


@PIPELINE.mistake(
    "critic_loss",
    title="the critic is trained to be wrong",
    misconception="the actor's minus was put in front of the critic's loss as well",
    hint="an optimizer makes a loss smaller: is a smaller loss a smaller error?",
    read=READ,
)
def critic_loss_negated(step: Step) -> Tensor:
    """Minus the mean squared error."""
    return -critic_loss(step)


@PIPELINE.mistake(
    "critic_loss",
    title="the root of the mean squared error is taken",
    misconception="the error that is good to read was taken for the loss that is good to train on",
    hint="is there a root in the formula?",
    read=READ,
)
def critic_loss_rooted(step: Step) -> Tensor:
    """RMSE."""
    return critic_loss(step).sqrt()


@PIPELINE.mistake(
    "critic_loss",
    title="every value is compared with every return",
    misconception="values of shape (T, 1) met returns of shape (T,), which silently makes a T by T "
    "table",
    hint="print the shapes: what does subtracting the two give?",
    read=READ,
)
def critic_loss_over_a_table(step: Step) -> Tensor:
    """[T, 1] against [T]."""
    return ((step.values.unsqueeze(1) - step.returns) ** 2).mean()


@PIPELINE.mistake(
    "critic_loss",
    title="every state has one and the same target",
    misconception="one number for the episode, such as G_0 or the mean return, was taken for the "
    "target of every state",
    hint="near the end of an episode, how much is still to come?",
    read=READ,
)
def critic_loss_to_the_first_return(step: Step) -> Tensor:
    """The target is G_0."""
    return F.mse_loss(step.values, step.returns[0].expand(step.length))


@PIPELINE.form_of("critic_loss_to_the_first_return", "critic_loss")
def critic_loss_to_the_mean_return(step: Step) -> Tensor:
    """The target is mean(G)."""
    return F.mse_loss(step.values, step.returns.mean().expand(step.length))


@PIPELINE.mistake(
    "critic_loss",
    title="the critic learns to predict the next reward only",
    misconception="the reward of a step was taken for its target",
    hint="what does the actor need to know of a state: one reward, or all that is to come?",
    read=READ,
)
def critic_loss_to_rewards(step: Step) -> Tensor:
    """The target is r_t."""
    return F.mse_loss(step.values, step.tensor(step.rewards))


@PIPELINE.mistake(
    "critic_loss",
    title="the critic learns normalised returns",
    misconception="targets were brought to mean zero and spread one, but the values are compared "
    "with returns elsewhere",
    hint="in which units does the advantage need the value?",
    read=READ,
    values=[1e-8, 1e-9, 0.0],
)
def critic_loss_to_normalised_returns(step: Step, epsilon: float) -> Tensor:
    """The target is (G - mean) / (std + epsilon)."""
    returns_ = step.returns
    return F.mse_loss(step.values, (returns_ - returns_.mean()) / (returns_.std() + epsilon))


@PIPELINE.form_of("critic_loss_to_normalised_returns", "critic_loss", values=[1e-8, 1e-9])
def critic_loss_to_returns_normalised_biased(step: Step, epsilon: float) -> Tensor:
    """With the biased spread."""
    returns_ = step.returns
    spread = returns_.std(unbiased=False) + epsilon
    return F.mse_loss(step.values, (returns_ - returns_.mean()) / spread)


@PIPELINE.mistake(
    "critic_loss",
    title="the critic learns one-step forecasts instead of returns",
    misconception="r_t + gamma V(s_{t+1}) of temporal differences was taken for the target; here "
    "the whole return is known",
    hint="after the episode, must the rest of the return still be estimated?",
    read=READ,
)
def critic_loss_to_forecasts(step: Step) -> Tensor:
    """The target is r_t + gamma V(s_{t+1})."""
    values = step.values.detach()
    return F.mse_loss(step.values, step.tensor(step.rewards) + GAMMA * following(values))


@PIPELINE.mistake(
    "critic_loss",
    title="the errors are not squared",
    misconception="errors were averaged with their signs, so that they cancel and the values are "
    "pushed one way",
    hint="what is the mean of an error of +3 and one of -3?",
    read=READ,
)
def critic_loss_not_squared(step: Step) -> Tensor:
    """mean(G - V)."""
    return (step.returns - step.values).mean()


@PIPELINE.mistake(
    "critic_loss",
    title="the mean is taken before the square",
    misconception="the average error was squared instead of the squared errors averaged",
    hint="what is the mean of an error of +3 and one of -3, and its square?",
    read=READ,
)
def critic_loss_of_the_mean_error(step: Step) -> Tensor:
    """mean(G - V) squared."""
    return (step.returns - step.values).mean() ** 2


@PIPELINE.mistake(
    "critic_loss",
    title="the last step is left out of the critic loss",
    misconception="the loop ends one short of the end, or the last state was taken not to count",
    hint="how many terms does your mean have, for T steps?",
    read=READ,
)
def critic_loss_without_the_last(step: Step) -> Tensor:
    """Steps 0 to T - 2."""
    if step.length == 1:
        return critic_loss(step)
    return F.mse_loss(step.values[:-1], step.returns[:-1])


@PIPELINE.mistake(
    "critic_loss",
    title="the first step is left out of the critic loss",
    misconception="the loop begins at one instead of zero",
    hint="how many terms does your mean have, for T steps?",
    read=READ,
)
def critic_loss_without_the_first(step: Step) -> Tensor:
    """Steps 1 to T - 1."""
    if step.length == 1:
        return critic_loss(step)
    return F.mse_loss(step.values[1:], step.returns[1:])


@PIPELINE.mistake(
    "critic_loss",
    title="the critic's target is not discounted",
    misconception="the plain sum of the remaining rewards was taken for the return",
    hint="does the critic predict the same return that the advantage is made of?",
    read=READ,
)
def critic_loss_to_undiscounted_returns(step: Step) -> Tensor:
    """Gamma = 1 in the target only."""
    return F.mse_loss(step.values, step.tensor(compute_returns(step.rewards, 1.0)))


@PIPELINE.mistake(
    "critic_loss",
    title="the size of the critic's weights is part of its loss",
    misconception="a penalty on the weights was added, which other problems need",
    hint="which terms does the lesson's critic loss have?",
    read=READ,
    values=[0.01, 0.001, 0.0001],
)
def critic_loss_with_a_penalty(step: Step, weight: float) -> Tensor:
    """Plus the weighted sum of squared weights."""
    squares = sum(((p**2).sum() for p in step.critic.parameters()), torch.zeros(()))
    return critic_loss(step) + weight * squares


@PIPELINE.mistake(
    "critic_loss",
    title="later steps weigh less in the critic loss",
    misconception="gamma^t was multiplied onto the errors, although the return is discounted "
    "already",
    hint="does the lesson's mean weigh its steps?",
    read=READ,
)
def critic_loss_discounted(step: Step) -> Tensor:
    """gamma^t onto the squared errors."""
    weights = step.tensor(GAMMA ** np.arange(step.length))
    return (weights * (step.values - step.returns) ** 2).mean()


@PIPELINE.mistake(
    "critic_loss",
    title="the critic loss is divided by T once more",
    misconception="the mean was divided by T, although a mean is divided by T already",
    hint="how often does 1/T stand in the formula?",
    read=READ,
)
def critic_loss_averaged_twice(step: Step) -> Tensor:
    """The mean over T."""
    return critic_loss(step) / step.length
