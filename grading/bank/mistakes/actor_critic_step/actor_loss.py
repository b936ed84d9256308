"""Mistakes in the actor's loss."""

import torch
from torch import Tensor

from grading.bank.mistakes.actor_critic_step.pipeline import (
    PIPELINE,
    Step,
    actor_loss,
    advantages,
    critic_loss,
)

READ = "the-actor-loss"


@PIPELINE.mistake(
    "actor_loss",
    title="the actor is trained in the wrong direction",
    misconception="a minus is missing from the loss, or the advantage is value minus return",
    hint="an optimizer makes a loss smaller: what happens to the probability of an action that "
    "turned out well?",
    read=READ,
)
def sign_lost(step: Step) -> Tensor:
    """Plus the sum."""
    return -actor_loss(step)


@PIPELINE.form_of("sign_lost", "advantages")
def sign_turned(step: Step) -> Tensor:
    """V - G."""
    return -advantages(step)


@PIPELINE.mistake(
    "actor_loss",
    title="the actor loss is a mean over the steps instead of their sum",
    misconception="it was averaged as over a batch, so that long episodes count no more than "
    "short ones",
    hint="what does the large sigma in the formula say?",
    read=READ,
)
def actor_loss_averaged(step: Step) -> Tensor:
    """Divided by T."""
    return actor_loss(step) / step.length


@PIPELINE.mistake(
    "actor_loss",
    title="the actor loss is scaled by a constant",
    misconception="a factor that belongs to another loss or another algorithm was put in front",
    hint="which factor stands in front of the sum in the formula?",
    read=READ,
    values=[0.5, 2.0, 0.1, 0.01, 10.0],
)
def actor_loss_scaled(step: Step, factor: float) -> Tensor:
    """Times a constant."""
    return factor * actor_loss(step)


@PIPELINE.mistake(
    "actor_loss",
    title="the actor loss holds probabilities instead of their logarithms",
    misconception="exp undid the logarithm, or probabilities were used in its place",
    hint="what stands next to A_t in the formula: a probability or its logarithm, and which of "
    "them does log_probs hold?",
    read=READ,
)
def actor_loss_of_probabilities(step: Step) -> Tensor:
    """exp(log_prob)."""
    return -(step.stacked().exp() * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the logarithm is taken twice",
    misconception="what the list holds was taken for probabilities; they are logarithms already",
    hint="is a log-probability positive or negative, and what is the logarithm of that?",
    read=READ,
)
def actor_loss_of_double_logarithms(step: Step) -> Tensor:
    """log(log_prob) is NaN."""
    return -(step.stacked().log() * step.advantages).sum()


@PIPELINE.form_of("actor_loss_of_double_logarithms", "actor_loss", values=[1e-8, 1e-10, 1e-6])
def actor_loss_of_clamped_double_logarithms(step: Step, epsilon: float) -> Tensor:
    """Kept from NaN by a clamp, which also cuts the gradient off."""
    return -(step.stacked().clamp(min=epsilon).log() * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="every log-prob meets every advantage, and not only its own",
    misconception="both were summed before they were multiplied, or shapes (T, 1) and (T,) "
    "silently made a T by T table",
    hint="which advantage belongs to which log-prob: one to one, or all to all?",
    read=READ,
)
def actor_loss_of_two_sums(step: Step) -> Tensor:
    """Sum times sum."""
    return -(step.stacked().sum() * step.advantages.sum())


@PIPELINE.mistake(
    "actor_loss",
    title="log-probs and advantages are averaged before they are multiplied",
    misconception="each list was averaged by itself, so that every step gets the same credit",
    hint="which advantage belongs to which log-prob: one to one, or all to all?",
    read=READ,
)
def actor_loss_of_two_means(step: Step) -> Tensor:
    """Mean times mean."""
    return -(step.stacked().mean() * step.advantages.mean())


@PIPELINE.mistake(
    "actor_loss",
    title="the first step is left out of the actor loss",
    misconception="the loop begins at one instead of zero",
    hint="how many terms does your sum have, for T steps?",
    read=READ,
)
def actor_loss_without_the_first(step: Step) -> Tensor:
    """Steps 1 to T - 1."""
    return -(step.stacked()[1:] * step.advantages[1:]).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the last step is left out of the actor loss",
    misconception="the loop ends one short of the end, or the last step was taken not to count",
    hint="how many terms does your sum have, for T steps?",
    read=READ,
)
def actor_loss_without_the_last(step: Step) -> Tensor:
    """Steps 0 to T - 2."""
    return -(step.stacked()[:-1] * step.advantages[:-1]).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="only one step is in the actor loss",
    misconception="the loop overwrites the loss instead of adding to it, or is left after one "
    "round",
    hint="after the loop, how many of the T terms are in your loss?",
    read=READ,
)
def actor_loss_of_the_last_step(step: Step) -> Tensor:
    """The last term only."""
    return -(step.stacked()[-1] * step.advantages[-1])


@PIPELINE.form_of("actor_loss_of_the_last_step", "actor_loss")
def actor_loss_of_the_first_step(step: Step) -> Tensor:
    """Returned from inside the loop."""
    return -(step.stacked()[0] * step.advantages[0])


@PIPELINE.mistake(
    "actor_loss",
    title="the actor does not move, although its loss has a value",
    misconception="no gradient arrives: log-probs rebuilt from plain numbers, no backward of the "
    "actor's loss, or gradients cleared before the step",
    hint="trace the way back from the loss to the actor's weights: where does it break off?",
    read="one-tensor-with-its-graph",
)
def actor_without_gradients(step: Step) -> Tensor:
    """torch.tensor(log_probs, requires_grad=True)."""
    rebuilt = torch.tensor([float(one.detach()) for one in step.log_probs], requires_grad=True)
    return -(rebuilt * step.advantages.to(rebuilt.device)).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the actor loss has no graph, so the actor cannot learn",
    misconception="the log-probs were detached or made plain numbers on their way into the "
    "loss, or no_grad stands around all of it",
    hint="which operations turn a tensor into a plain number, and what do they forget?",
    read="a-loss-without-a-graph",
)
def actor_loss_without_graph(step: Step) -> Tensor:
    """The actor's backward pass raises."""
    return -(step.stacked().detach() * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="log-probs and advantages are paired in reverse order",
    misconception="one of the two was computed backwards, as returns are, and not put back",
    hint="which step does the first factor of your first term belong to, and the second?",
    read=READ,
)
def actor_loss_of_reversed_log_probs(step: Step) -> Tensor:
    """log_prob_{T-1-t}."""
    return -(step.stacked().flip(0) * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="an entropy term is added to the actor loss",
    misconception="a bonus for trying things out was added, which other algorithms have",
    hint="which terms does the lesson's actor loss have?",
    read=READ,
    values=[0.01, 0.001, 0.1, 0.05, 0.02],
)
def actor_loss_with_entropy(step: Step, weight: float) -> Tensor:
    """Minus the weighted sum of entropies."""
    return actor_loss(step) - weight * _entropies(step).sum()


@PIPELINE.form_of("actor_loss_with_entropy", "actor_loss", values=[0.01, 0.001, 0.1])
def actor_loss_with_mean_entropy(step: Step, weight: float) -> Tensor:
    """Minus the weighted mean entropy."""
    return actor_loss(step) - weight * _entropies(step).mean()


@PIPELINE.form_of("actor_loss_with_entropy", "actor_loss", values=[0.01, 0.001, 0.1])
def actor_loss_with_sampled_entropy(step: Step, weight: float) -> Tensor:
    """With minus log_prob for the entropy."""
    return actor_loss(step) + weight * step.stacked().sum()


@PIPELINE.form_of("actor_loss_with_entropy", "actor_loss", values=[0.01, 0.001, 0.1])
def actor_loss_with_entropy_of_the_wrong_sign(step: Step, weight: float) -> Tensor:
    """Plus the weighted sum of entropies."""
    return actor_loss(step) + weight * _entropies(step).sum()


def _entropies(step: Step) -> Tensor:
    probabilities = step.actor(step.tensor(step.states))
    return -(probabilities * probabilities.log()).sum(-1)


@PIPELINE.mistake(
    "actor_loss",
    title="log-probs and advantages are added instead of multiplied",
    misconception="the advantage was taken for one more term instead of the weight of the log-prob",
    hint="if the advantage is only added, does it change the gradient that reaches the actor?",
    read=READ,
)
def actor_loss_of_a_sum(step: Step) -> Tensor:
    """log_prob + A."""
    return -(step.stacked() + step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the critic's loss is part of the actor loss that is returned",
    misconception="the total of both losses was put in the place of the actor's",
    hint="which terms does the formula of the actor loss have, and is a squared error among them?",
    read=READ,
    values=[1.0, 0.5],
)
def actor_loss_with_the_critics(step: Step, weight: float) -> Tensor:
    """Plus the critic's loss, which moves the actor no further."""
    return actor_loss(step) + weight * critic_loss(step).detach()


@PIPELINE.mistake(
    "actor_loss",
    title="each advantage meets the log-probs of all steps up to its own",
    misconception="log-probs were summed up along the episode",
    hint="which log-prob belongs to the action whose advantage this is?",
    read=READ,
)
def actor_loss_of_cumulated_log_probs(step: Step) -> Tensor:
    """cumsum(log_prob)."""
    return -(step.stacked().cumsum(0) * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the actor loss holds probability ratios instead of log-probs",
    misconception="the surrogate of PPO was used: its gradient is the same, its value is not",
    hint="what is the ratio of a probability to itself, and what is the logarithm of it?",
    read=READ,
)
def actor_loss_of_ratios(step: Step) -> Tensor:
    """exp(log_prob - log_prob.detach())."""
    log_probs = step.stacked()
    return -((log_probs - log_probs.detach()).exp() * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="log-probs of unlikely actions are cut off",
    misconception="log-probs were clamped for stability, and a clamped number has no gradient",
    hint="what does the actor learn from an action whose log-prob was cut off?",
    read=READ,
    values=[-5.0, -1.0, -2.0],
)
def actor_loss_of_clamped_log_probs(step: Step, lowest: float) -> Tensor:
    """log_prob of at least a bound."""
    return -(step.stacked().clamp(min=lowest) * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the log-probs are squared",
    misconception="the squared error of the critic's loss was carried over",
    hint="to which power does the log-prob stand in the formula?",
    read=READ,
)
def actor_loss_of_squared_log_probs(step: Step) -> Tensor:
    """log_prob squared."""
    return -(step.stacked() ** 2 * step.advantages).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="the advantage is missing from the actor loss",
    misconception="all actions are made likelier, whatever came of them",
    hint="what tells the actor that one action was better than another?",
    read=READ,
)
def actor_loss_without_advantages(step: Step) -> Tensor:
    """Minus the sum of log-probs."""
    return -step.stacked().sum()
