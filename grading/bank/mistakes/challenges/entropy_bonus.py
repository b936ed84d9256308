"""Mistakes in `entropy_regularised_step`: those of the plain update, and those of the bonus."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Categorical
from torch.optim import Optimizer

from grading.bank.mistakes.actor_critic_step import pipeline as plain
from grading.bank.pipeline import Pieces, Pipeline, pipeline_of
from lesson import Actor, Critic

READ = "challenge-an-entropy-bonus"
BETA = 0.01


@dataclass
class Step(plain.Step):
    """A plain step, and what belongs to the bonus."""

    beta: float
    entropies: Tensor = field(init=False)
    policy_loss: Tensor = field(init=False)
    bonus: Tensor = field(init=False)

    def probs(self) -> Tensor:
        """The policy in each state, (T, n_actions), with its graph."""
        return self.actor(self.tensor(self.states))


def beta(step: Step) -> float:
    """What a nat is worth."""
    return step.beta


def entropies(step: Step) -> Tensor:
    """H_t, (T,)."""
    return Categorical(probs=step.probs()).entropy()


def bonus(step: Step) -> Tensor:
    """What is subtracted from the policy's loss."""
    return step.beta * step.entropies.sum()


def total(step: Step) -> Tensor:
    """The actor's loss, with its bonus."""
    return step.policy_loss - step.bonus


def _assemble(pieces: Pieces) -> Callable[..., Any]:
    def entropy_regularised_step(
        actor: Actor,
        critic: Critic,
        actor_optimizer: Optimizer,
        critic_optimizer: Optimizer,
        states: list[np.ndarray],
        log_probs: list[Tensor],
        rewards: list[float],
        beta: float | None = None,
    ) -> Any:
        networks = (actor, critic, actor_optimizer, critic_optimizer)
        asked = pieces["default"](None) if beta is None else beta
        step = Step(pieces, *networks, states, log_probs, rewards, asked)
        step.beta = pieces["beta"](step)
        step.returns = pieces["returns"](step)
        step.values = pieces["values"](step)
        step.advantages = pieces["advantages"](step)
        step.policy_loss = pieces["actor_loss"](step)
        step.entropies = pieces["entropies"](step)
        step.bonus = pieces["bonus"](step)
        step.actor_loss = pieces["total"](step)
        step.critic_loss = pieces["critic_loss"](step)
        pieces["update"](step)
        return pieces["result"](step)

    return entropy_regularised_step


PIPELINE = Pipeline(
    "challenges/entropy_bonus",
    "entropy_regularised_step",
    _assemble,
    {
        "default": lambda _: BETA,
        "beta": beta,
        "returns": plain.returns,
        "values": plain.values,
        "advantages": plain.advantages,
        "actor_loss": plain.actor_loss,
        "entropies": entropies,
        "bonus": bonus,
        "total": total,
        "critic_loss": plain.critic_loss,
        "update": plain.update,
        "result": plain.result,
    },
)
PIPELINE.adopt(
    pipeline_of("actor_critic_step"),
    "returns_undiscounted",
    "values_in_a_column",
    "advantages_with_graph",
    "advantages_without_baseline",
    "advantages_normalised",
    "sign_lost",
    "actor_loss_averaged",
    "critic_loss_summed",
    "update_never_clears",
    "update_without_the_actors_step",
    "returns_change_the_rewards",
    "update_leaves_eval_mode",
    "update_empties_the_lists",
    "result_tensors",
    "result_swapped",
    "result_nothing",
)


@PIPELINE.mistake(
    "total",
    title="the bonus has the wrong sign: the actor is trained to be sure of itself",
    misconception="the entropy was added to the loss, which goes down, although it is to go up",
    hint="optimizers make a loss smaller: what becomes of a term that is added to it?",
    read="the-sign-of-the-bonus",
)
def bonus_added(step: Step) -> Tensor:
    """Policy loss plus bonus."""
    return step.policy_loss + step.bonus


@PIPELINE.mistake(
    "entropies",
    title="the entropy is taken from the actions that happened, not from the distribution",
    misconception="minus the log-prob of the action taken was used, whose mean is the entropy but "
    "which is another number in every step",
    hint="what if the action had been another one: would the entropy of the policy be another?",
    read="whose-entropy",
)
def sampled_entropy(step: Step) -> Tensor:
    """-log pi(a_t|s_t)."""
    return -step.stacked()


@PIPELINE.mistake(
    "entropies",
    title="the entropy has no graph, so it does not move the actor",
    misconception="the probabilities were detached, or made under no_grad, on the way to the "
    "entropy",
    hint="the loss has the right value: but does the bonus have a way back to the weights?",
    read=READ,
)
def entropy_without_graph(step: Step) -> Tensor:
    """The value only."""
    return entropies(step).detach()


@PIPELINE.mistake(
    "bonus",
    title="the entropies are averaged over the steps instead of added",
    misconception="the mean was taken, although the actor's loss is a sum over the steps",
    hint="the other term of the actor loss grows with T: and the bonus?",
    read=READ,
)
def mean_entropy(step: Step) -> Tensor:
    """Beta times the mean."""
    return step.beta * step.entropies.mean()


@PIPELINE.mistake(
    "entropies",
    title="the entropy is not measured in nats",
    misconception="a logarithm to another base than e was taken",
    hint="which logarithm do the log-probs have?",
    read=READ,
    values=[2, 10],
)
def other_logarithm(step: Step, base: int) -> Tensor:
    """In bits, or in bans."""
    return entropies(step) / math.log(base)


@PIPELINE.mistake(
    "entropies",
    title="the entropy is divided by its largest possible value",
    misconception="it was brought to lie between 0 and 1",
    hint="does the formula divide by anything?",
    read=READ,
)
def relative_entropy(step: Step) -> Tensor:
    """H / log n."""
    probs = step.probs()
    return Categorical(probs=probs).entropy() / math.log(probs.shape[1])


@PIPELINE.mistake(
    "beta",
    title="the caller's beta is not used",
    misconception="a number was written where the parameter belongs",
    hint="who decides how much a nat is worth?",
    read=READ,
    values=[0.01, 1.0],
)
def fixed_beta(_: Step, number: float) -> float:
    """Always the same."""
    return number


@PIPELINE.mistake(
    "default",
    title="without a beta, another one than 0.01 is taken",
    misconception="the default in the signature was changed",
    hint="what does the signature in the exercise say?",
    read=READ,
    values=[0.1, 0.0, 0.001],
)
def other_default(_: None, number: float) -> float:
    """Of the parameter."""
    return number


@PIPELINE.mistake(
    "total",
    title="the policy loss is weighted by one minus beta",
    misconception="bonus and policy loss were mixed, although the bonus is added on top",
    hint="which terms of the formula have a factor?",
    read=READ,
)
def mixed(step: Step) -> Tensor:
    """(1 - beta) policy loss - bonus."""
    return (1 - step.beta) * step.policy_loss - step.bonus


@PIPELINE.mistake(
    "total",
    title="there is no bonus",
    misconception="the update of exercise 1 was handed in",
    hint="what does beta change?",
    read=READ,
)
def no_bonus(step: Step) -> Tensor:
    """The policy loss alone."""
    return step.policy_loss


@PIPELINE.mistake(
    "result",
    title="the actor loss that is returned lacks the bonus",
    misconception="the policy loss was returned, although the update was made from both terms",
    hint="from which number did the backward pass of the actor begin?",
    read=READ,
)
def returned_without_bonus(step: Step) -> Any:
    """The policy loss."""
    return step.policy_loss.item(), step.critic_loss.item()


@PIPELINE.mistake(
    "critic_loss",
    title="the critic loss holds the bonus too",
    misconception="the bonus was taken for a term of both losses",
    hint="which network has an entropy?",
    read=READ,
)
def bonus_for_the_critic(step: Step) -> Tensor:
    """Less the bonus, which moves the actor a second time if gradients are not cleared before."""
    return plain.critic_loss(step) - step.bonus.detach()


@PIPELINE.mistake(
    "bonus",
    title="each entropy is weighted by the advantage of its step",
    misconception="the bonus was put inside the sum that the advantage multiplies",
    hint="is a policy to be more curious where things went well?",
    read=READ,
)
def weighted_by_advantage(step: Step) -> Tensor:
    """The sum of H_t A_t."""
    return step.beta * (step.entropies * step.advantages).sum()


@PIPELINE.mistake(
    "entropies",
    title="only the action that was taken is in the entropy",
    misconception="p log p was taken for one action, and the sum over the others is missing",
    hint="over what does the formula of the entropy add up?",
    read="whose-entropy",
)
def one_term(step: Step) -> Tensor:
    """-p log p of the action taken."""
    log_probs = step.stacked()
    return -log_probs.exp() * log_probs


@PIPELINE.mistake(
    "entropies",
    title="the probabilities are treated as if they were logits",
    misconception="the actor's output went through a second softmax on its way to the entropy",
    hint="what does the actor return: logits or probabilities?",
    read=READ,
)
def softmax_twice(step: Step) -> Tensor:
    """Categorical(logits=probs)."""
    return Categorical(logits=step.probs()).entropy()


@PIPELINE.mistake(
    "entropies",
    title="the entropy is averaged over the actions instead of added",
    misconception="a mean was taken over the actions, or over all numbers of the table",
    hint="over what does the formula of the entropy add up?",
    read=READ,
)
def mean_over_actions(step: Step) -> Tensor:
    """-mean p log p."""
    probs = step.probs()
    return Categorical(probs=probs).entropy() / probs.shape[1]


@PIPELINE.mistake(
    "bonus",
    title="only one state's entropy is in the bonus",
    misconception="the entropy was taken after the loop, or for the first state only",
    hint="how many states has the episode, and how many entropies are in the sum?",
    read=READ,
    values=[0, -1],
)
def one_state(step: Step, index: int) -> Tensor:
    """Of the first or of the last."""
    return step.beta * step.entropies[index]


@PIPELINE.mistake(
    "bonus",
    title="the bonus is the entropy of the average policy",
    misconception="the probabilities were averaged over the states before the entropy was taken",
    hint="is a policy undecided that is sure of one action here and of another there?",
    read=READ,
)
def of_the_average_policy(step: Step) -> Tensor:
    """T times H of the mean policy."""
    return step.beta * step.length * Categorical(probs=step.probs().mean(0)).entropy()


@PIPELINE.mistake(
    "entropies",
    title="the entropy is that of the squared probabilities or its exponential",
    misconception="another measure of indecision was taken for the entropy",
    hint="compare with the formula: which function of p is added up?",
    read=READ,
    values=["gini", "perplexity"],
)
def other_measure(step: Step, which: str) -> Tensor:
    """1 - sum of squares, or exp(H)."""
    if which == "gini":
        return 1 - step.probs().square().sum(1)
    return entropies(step).exp()


@PIPELINE.mistake(
    "bonus",
    title="the bonus shrinks along the episode",
    misconception="the entropies were discounted like rewards",
    hint="does the sum of entropies have a gamma?",
    read=READ,
)
def discounted_bonus(step: Step) -> Tensor:
    """The sum of gamma^t H_t."""
    weights = 0.99 ** torch.arange(step.length, device=step.entropies.device)
    return step.beta * (weights * step.entropies).sum()


@PIPELINE.mistake(
    "beta",
    title="beta is squared",
    misconception="it was multiplied in twice: on the entropies, and on their sum",
    hint="how often does beta stand in the formula?",
    read=READ,
)
def beta_squared(step: Step) -> float:
    """Twice applied."""
    return step.beta**2
