"""Mistakes in what is returned."""

from typing import Any

import torch

from grading.bank.mistakes.actor_critic_step.pipeline import PIPELINE, Step

READ = "exercise-1-the-update"


@PIPELINE.mistake(
    "result",
    title="the losses are returned as tensors or arrays",
    misconception="a tensor with one element was taken for a number",
    hint="how does a tensor with one element become a plain number?",
    read=READ,
)
def result_tensors(step: Step) -> Any:
    """Both with their graphs."""
    return step.actor_loss, step.critic_loss


@PIPELINE.form_of("result_tensors", "result")
def result_one_tensor(step: Step) -> Any:
    """Only the actor's is a number."""
    return step.actor_loss.item(), step.critic_loss


@PIPELINE.form_of("result_tensors", "result")
def result_other_tensor(step: Step) -> Any:
    """Only the critic's is a number."""
    return step.actor_loss, step.critic_loss.item()


@PIPELINE.form_of("result_tensors", "result")
def result_arrays(step: Step) -> Any:
    """Numpy arrays of one number."""
    return step.actor_loss.detach().numpy(), step.critic_loss.detach().numpy()


@PIPELINE.mistake(
    "result",
    title="the two losses are returned in the wrong order",
    misconception="the critic's loss was put first",
    hint="which loss does the caller expect first?",
    read=READ,
)
def result_swapped(step: Step) -> Any:
    """The critic's first."""
    return step.critic_loss.item(), step.actor_loss.item()


@PIPELINE.mistake(
    "result",
    title="nothing is returned",
    misconception="the return statement is missing, or stands where it is not reached",
    hint="what does a function give that never says return?",
    read=READ,
)
def result_nothing(_: Step) -> Any:
    """None."""
    return None


@PIPELINE.mistake(
    "result",
    title="the sum of the losses is returned instead of both",
    misconception="one number was taken to be enough for both networks",
    hint="how many numbers does the caller unpack?",
    read=READ,
)
def result_total(step: Step) -> Any:
    """One float."""
    return (step.actor_loss + step.critic_loss).item()


@PIPELINE.mistake(
    "result",
    title="more than the two losses are returned",
    misconception="something useful was added, which the caller does not unpack",
    hint="how many numbers does the caller unpack?",
    read=READ,
)
def result_with_the_total(step: Step) -> Any:
    """Both and their sum."""
    total = step.actor_loss + step.critic_loss
    return step.actor_loss.item(), step.critic_loss.item(), total.item()


@PIPELINE.form_of("result_with_the_total", "result")
def result_with_the_advantages(step: Step) -> Any:
    """Both and the mean advantage."""
    mean = step.advantages.mean().item()
    return step.actor_loss.item(), step.critic_loss.item(), mean


@PIPELINE.mistake(
    "result",
    title="the returned losses are not those that the update was made from",
    misconception="they were computed again afterwards, when the networks had already moved",
    hint="with which weights were the losses computed that you return?",
    read=READ,
)
def result_after_the_update(step: Step) -> Any:
    """Both losses with the new critic."""
    with torch.no_grad():
        step.values = step.pieces["values"](step)
        step.advantages = step.pieces["advantages"](step)
        actor_loss = step.pieces["actor_loss"](step).item()
        return actor_loss, step.pieces["critic_loss"](step).item()


@PIPELINE.form_of("result_after_the_update", "result")
def result_critic_after_the_update(step: Step) -> Any:
    """The critic's loss only."""
    with torch.no_grad():
        step.values = step.pieces["values"](step)
        return step.actor_loss.item(), step.pieces["critic_loss"](step).item()


@PIPELINE.mistake(
    "result",
    title="the returned losses are rounded",
    misconception="numbers were made readable before they were handed on",
    hint="who should decide how many digits are shown?",
    read=READ,
    values=[2, 1, 3, 0],
)
def result_rounded(step: Step, digits: int) -> Any:
    """A few digits only."""
    return round(step.actor_loss.item(), digits), round(step.critic_loss.item(), digits)


@PIPELINE.mistake(
    "result",
    title="the returned actor loss is per step, but the actor follows the sum",
    misconception="the loss was divided by the length for the sake of a plot",
    hint="is the loss that you return the one from which the update was made?",
    read=READ,
)
def result_per_step(step: Step) -> Any:
    """The actor's over T."""
    return step.actor_loss.item() / step.length, step.critic_loss.item()


@PIPELINE.mistake(
    "result",
    title="the returned actor loss has the wrong sign, but the actor follows the right one",
    misconception="the objective, which is to grow, was returned instead of the loss, which is to "
    "shrink",
    hint="is the loss that you return the one from which the update was made?",
    read=READ,
)
def result_objective(step: Step) -> Any:
    """Minus the actor loss."""
    return -step.actor_loss.item(), step.critic_loss.item()


@PIPELINE.form_of("actor_loss_with_the_critics", "result")
def result_total_and_critic(step: Step) -> Any:
    """(total, critic loss)."""
    return (step.actor_loss + step.critic_loss).item(), step.critic_loss.item()


@PIPELINE.mistake(
    "result",
    title="something else is returned in the place of the actor loss",
    misconception="a number that says how the episode went was taken for the loss",
    hint="what does the caller want to plot: how the episode went, or how the update did?",
    read=READ,
)
def result_score(step: Step) -> Any:
    """The total reward and the critic loss."""
    return float(sum(step.rewards)), step.critic_loss.item()


@PIPELINE.form_of("result_score", "result")
def result_mean_advantage(step: Step) -> Any:
    """The mean advantage and the critic loss."""
    return step.advantages.mean().item(), step.critic_loss.item()
