"""Mistakes in the critic's values."""

import torch
from torch import Tensor

from grading.bank.mistakes.actor_critic_step.pipeline import (
    PIPELINE,
    Step,
    following,
    learn_together,
    values,
)


@PIPELINE.mistake(
    "values",
    title="the values are those of the next states",
    misconception="V(s_{t+1}) was taken where V(s_t) is meant",
    hint="in which state was the action chosen whose advantage is wanted?",
    read="the-advantage",
)
def values_of_the_next_states(step: Step) -> Tensor:
    """V(s_{t+1}), zero after the end."""
    return following(values(step))


@PIPELINE.form_of("values_of_the_next_states", "values")
def values_of_the_next_states_and_the_last_twice(step: Step) -> Tensor:
    """V(s_{t+1}), the last one repeated."""
    every = values(step)
    return following(every, every[-1:])


@PIPELINE.mistake(
    "values",
    title="values of shape (T, 1) meet returns of shape (T,)",
    misconception="a column and a row were combined, which silently makes a T by T table of every "
    "step with every other",
    hint="print the shapes: what does subtracting the two give?",
    read="all-values-at-once",
)
def values_in_a_column(step: Step) -> Tensor:
    """(T, 1)."""
    return values(step).unsqueeze(1)


@PIPELINE.form_of("critic_loss_without_graph", "values")
def values_without_graph(step: Step) -> Tensor:
    """V under no_grad: the critic's backward pass raises."""
    with torch.no_grad():
        return values(step)


@PIPELINE.form_of("critic_without_gradients", "values", also={"update": learn_together})
def values_without_graph_in_one_loss(step: Step) -> Tensor:
    """The critic never moves, and nothing says so."""
    return values(step).detach()


@PIPELINE.mistake(
    "values",
    title="all steps share one value",
    misconception="one number for the episode was taken where each state has a value of its own",
    hint="of how many states does the update need the value?",
    read="all-values-at-once",
)
def values_of_the_first_state(step: Step) -> Tensor:
    """V(s_0) for all steps."""
    return values(step)[0].expand(step.length)


@PIPELINE.form_of("values_of_the_first_state", "values")
def values_of_the_last_state(step: Step) -> Tensor:
    """V(s_{T-1}) for all steps."""
    return values(step)[-1].expand(step.length)


@PIPELINE.form_of("values_of_the_first_state", "values")
def values_averaged(step: Step) -> Tensor:
    """The mean value for all steps."""
    return values(step).mean().expand(step.length)


@PIPELINE.mistake(
    "values",
    title="the values belong to other states: they stand in reverse order",
    misconception="states were walked through backwards, as returns are, and not put back",
    hint="which state does the first of your values belong to?",
    read="the-advantage",
)
def values_reversed(step: Step) -> Tensor:
    """V(s_{T-1-t})."""
    return values(step).flip(0)


@PIPELINE.mistake(
    "values",
    title="the critic does not see the states as they are",
    misconception="states were normalised or cut off before the critic saw them, but the actor saw "
    "them as they were",
    hint="what did the networks see when the episode was played?",
    read="the-advantage",
)
def values_of_normalised_states(step: Step) -> Tensor:
    """States with mean zero and spread one over the episode."""
    states = step.tensor(step.states)
    scaled = (states - states.mean(0)) / (states.std(0, unbiased=False) + 1e-8)
    return step.critic(scaled)


@PIPELINE.form_of("values_of_normalised_states", "values")
def values_of_clipped_states(step: Step) -> Tensor:
    """States between -1 and 1."""
    return step.critic(step.tensor(step.states).clamp(-1, 1))


@PIPELINE.mistake(
    "values",
    title="negative values are cut off",
    misconception="values were taken to be never negative, as in CartPole",
    hint="what should the critic predict where only losses lie ahead?",
    read="the-critic-loss",
)
def values_never_negative(step: Step) -> Tensor:
    """max(V, 0)."""
    return values(step).relu()
