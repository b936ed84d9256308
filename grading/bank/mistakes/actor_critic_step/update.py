"""Mistakes in the update of the two networks."""

import random
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from grading.bank.mistakes.actor_critic_step.pipeline import (
    PIPELINE,
    Step,
    learn,
    learn_together,
    update,
)
from grading.optimizers import SGD, Adam

READ = "the-update"
ALONE = "exercise-1-the-update"


def learn_without_clearing(optimizer: Optimizer, loss: Tensor) -> None:
    """Backward and step only."""
    loss.backward()
    optimizer.step()


@PIPELINE.mistake(
    "update",
    title="gradients of earlier calls are added to those of this one",
    misconception="backward() was taken to start from nothing; it adds to what it finds",
    hint="the first call is right: what does it leave behind for the second?",
    read=READ,
)
def update_never_clears(step: Step) -> None:
    """No zero_grad at all."""
    learn_without_clearing(step.actor_optimizer, step.actor_loss)
    learn_without_clearing(step.critic_optimizer, step.critic_loss)


@PIPELINE.mistake(
    "update",
    title="the actor's gradients of earlier calls are added to those of this one",
    misconception="only the critic's gradients are cleared",
    hint="which of the two optimizers starts each call with clean gradients?",
    read=READ,
)
def update_never_clears_the_actor(step: Step) -> None:
    """No zero_grad for the actor."""
    learn_without_clearing(step.actor_optimizer, step.actor_loss)
    learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.mistake(
    "update",
    title="the critic's gradients of earlier calls are added to those of this one",
    misconception="only the actor's gradients are cleared, perhaps twice",
    hint="which of the two optimizers starts each call with clean gradients?",
    read=READ,
)
def update_never_clears_the_critic(step: Step) -> None:
    """No zero_grad for the critic."""
    learn(step.actor_optimizer, step.actor_loss)
    learn_without_clearing(step.critic_optimizer, step.critic_loss)


@PIPELINE.mistake(
    "update",
    title="neither network moves: the optimizers find no gradients",
    misconception="the gradients are cleared between backward and step, the step comes "
    "before backward, or each loss is paired with the other network's "
    "optimizer",
    hint="in which order do clear, backward and step come, and is each optimizer paired with its "
    "own loss?",
    read="the-steps-of-the-update",
)
def update_clears_too_late(step: Step) -> None:
    """zero_grad after backward: nothing moves."""
    step.actor_loss.backward()
    step.critic_loss.backward()
    for optimizer in step.optimizers:
        optimizer.zero_grad()
        optimizer.step()


@PIPELINE.form_of("actor_without_gradients", "update")
def update_without_the_actors_gradients(step: Step) -> None:
    """No backward pass of the actor's loss."""
    step.actor_optimizer.zero_grad()
    step.actor_optimizer.step()
    learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.form_of("critic_without_gradients", "update")
def update_without_the_critics_gradients(step: Step) -> None:
    """No backward pass of the critic's loss."""
    learn(step.actor_optimizer, step.actor_loss)
    step.critic_optimizer.zero_grad()
    step.critic_optimizer.step()


@PIPELINE.mistake(
    "update",
    title="the actor's optimizer never steps",
    misconception="its step is missing, or the critic's optimizer was taken to move both networks",
    hint="whose parameters does each optimizer hold, and what turns their gradients into a change?",
    read=READ,
)
def update_without_the_actors_step(step: Step) -> None:
    """Clear and backward only."""
    step.actor_optimizer.zero_grad()
    step.actor_loss.backward()
    learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.mistake(
    "update",
    title="the critic's optimizer never steps",
    misconception="its step is missing, or the actor's optimizer was taken to move both networks",
    hint="whose parameters does each optimizer hold, and what turns their gradients into a change?",
    read=READ,
)
def update_without_the_critics_step(step: Step) -> None:
    """Clear and backward only."""
    learn(step.actor_optimizer, step.actor_loss)
    step.critic_optimizer.zero_grad()
    step.critic_loss.backward()


@PIPELINE.mistake(
    "update",
    title="neither optimizer steps",
    misconception="gradients are computed, and nothing uses them",
    hint="what turns a gradient into a change of the weights?",
    read="the-steps-of-the-update",
)
def update_without_steps(step: Step) -> None:
    """Clear and backward only, for both."""
    for optimizer, loss in zip(step.optimizers, (step.actor_loss, step.critic_loss), strict=True):
        optimizer.zero_grad()
        loss.backward()


@PIPELINE.mistake(
    "update",
    title="the actor's optimizer steps twice, and the critic's never",
    misconception="a line was copied, and its name not changed",
    hint="which names stand in the two lines that step?",
    read=READ,
)
def update_steps_the_actor_for_the_critic(step: Step) -> None:
    """actor_optimizer.step() where critic_optimizer.step() is meant."""
    learn(step.actor_optimizer, step.actor_loss)
    step.critic_optimizer.zero_grad()
    step.critic_loss.backward()
    step.actor_optimizer.step()


@PIPELINE.mistake(
    "update",
    title="an optimizer steps twice",
    misconception="a step was repeated, which moves the weights once more on the same gradients",
    hint="how often does each optimizer step in one call?",
    read=READ,
)
def update_steps_twice(step: Step) -> None:
    """Both step twice on the same gradients."""
    update(step)
    for optimizer in step.optimizers:
        optimizer.step()


@PIPELINE.form_of("update_steps_twice", "update")
def update_steps_the_actor_twice(step: Step) -> None:
    """Only the actor's."""
    update(step)
    step.actor_optimizer.step()


@PIPELINE.form_of("update_steps_twice", "update")
def update_steps_the_critic_twice(step: Step) -> None:
    """Only the critic's."""
    update(step)
    step.critic_optimizer.step()


@PIPELINE.mistake(
    "update",
    title="the optimizers step before this call has made its gradients",
    misconception="step comes before backward, so that each call uses the gradients of the call "
    "before",
    hint="in which order do clear, backward and step come?",
    read="the-steps-of-the-update",
)
def update_steps_first(step: Step) -> None:
    """step, then clear and backward."""
    for optimizer, loss in zip(step.optimizers, (step.actor_loss, step.critic_loss), strict=True):
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()


@PIPELINE.form_of("update_clears_too_late", "update")
def update_clears_and_steps_first(step: Step) -> None:
    """Clear and step, then backward."""
    for optimizer, loss in zip(step.optimizers, (step.actor_loss, step.critic_loss), strict=True):
        optimizer.zero_grad()
        optimizer.step()
        loss.backward()


@PIPELINE.form_of("update_steps_first", "update")
def update_steps_the_critic_first(step: Step) -> None:
    """Only for the critic."""
    learn(step.actor_optimizer, step.actor_loss)
    step.critic_optimizer.step()
    step.critic_optimizer.zero_grad()
    step.critic_loss.backward()


@PIPELINE.form_of("update_steps_first", "update")
def update_steps_the_actor_first(step: Step) -> None:
    """Only for the actor."""
    step.actor_optimizer.step()
    step.actor_optimizer.zero_grad()
    step.actor_loss.backward()
    learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.form_of("update_clears_too_late", "update")
def update_with_swapped_optimizers(step: Step) -> None:
    """The critic's optimizer around the actor's backward, and the other way round."""
    learn(step.critic_optimizer, step.actor_loss)
    learn(step.actor_optimizer, step.critic_loss)


@PIPELINE.form_of("update_without_the_critics_step", "update")
def update_with_the_actors_optimizer(step: Step) -> None:
    """The critic's optimizer is never asked."""
    step.actor_optimizer.zero_grad()
    (step.actor_loss + step.critic_loss).backward()
    step.actor_optimizer.step()


@PIPELINE.form_of("update_without_the_actors_step", "update")
def update_with_the_critics_optimizer(step: Step) -> None:
    """The actor's optimizer is never asked."""
    step.critic_optimizer.zero_grad()
    (step.actor_loss + step.critic_loss).backward()
    step.critic_optimizer.step()


@PIPELINE.mistake(
    "update",
    title="the networks are moved by optimizers of the function's own",
    misconception="new optimizers were made in each call; they remember nothing, and the caller's "
    "own never step",
    hint="what do the two optimizers in the arguments remember that new ones cannot?",
    read=READ,
)
def update_with_new_optimizers(step: Step) -> None:
    """New SGD optimizers with the right learning rates."""
    for network, optimizer, loss in (
        (step.actor, step.actor_optimizer, step.actor_loss),
        (step.critic, step.critic_optimizer, step.critic_loss),
    ):
        learn(SGD(network.parameters(), optimizer.param_groups[0]["lr"]), loss)


@PIPELINE.form_of("update_with_new_optimizers", "update", values=[0.01, 0.001, 0.0003])
def update_with_new_adam(step: Step, lr: float) -> None:
    """New Adam optimizers with a learning rate from elsewhere."""
    learn(Adam(step.actor.parameters(), lr), step.actor_loss)
    learn(Adam(step.critic.parameters(), lr), step.critic_loss)


@PIPELINE.form_of("update_with_new_optimizers", "update")
def update_with_a_new_optimizer_for_the_critic(step: Step) -> None:
    """A new Adam for the critic only, with the caller's learning rate."""
    learn(step.actor_optimizer, step.actor_loss)
    lr = step.critic_optimizer.param_groups[0]["lr"]
    learn(Adam(step.critic.parameters(), lr), step.critic_loss)


@PIPELINE.form_of("update_with_new_optimizers", "update")
def update_with_a_new_optimizer_for_the_actor(step: Step) -> None:
    """A new Adam for the actor only, with the caller's learning rate."""
    lr = step.actor_optimizer.param_groups[0]["lr"]
    learn(Adam(step.actor.parameters(), lr), step.actor_loss)
    learn(step.critic_optimizer, step.critic_loss)


def clip_and_step(
    optimizer: Optimizer, loss: Tensor, parameters: Iterable[Parameter], largest: float
) -> None:
    """One step on a gradient of at most this norm."""
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, largest)
    optimizer.step()


@PIPELINE.mistake(
    "update",
    title="large gradients are clipped",
    misconception="gradients were cut to a largest length, which other algorithms do",
    hint="what happens to the gradient of a long episode with large rewards?",
    read=READ,
    values=[1.0, 0.5, 5.0, 10.0, 40.0, 100.0],
)
def update_clips_gradients(step: Step, largest: float) -> None:
    """Both networks' gradients."""
    clip_and_step(step.actor_optimizer, step.actor_loss, step.actor.parameters(), largest)
    clip_and_step(step.critic_optimizer, step.critic_loss, step.critic.parameters(), largest)


@PIPELINE.form_of("update_clips_gradients", "update", values=[1.0, 0.5, 5.0, 10.0, 40.0, 100.0])
def update_clips_the_actors_gradients(step: Step, largest: float) -> None:
    """Only the actor's."""
    clip_and_step(step.actor_optimizer, step.actor_loss, step.actor.parameters(), largest)
    learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.form_of("update_clips_gradients", "update", values=[1.0, 0.5, 10.0])
def update_clips_the_critics_gradients(step: Step, largest: float) -> None:
    """Only the critic's."""
    learn(step.actor_optimizer, step.actor_loss)
    clip_and_step(step.critic_optimizer, step.critic_loss, step.critic.parameters(), largest)


@PIPELINE.form_of("update_clips_gradients", "update", values=[1.0, 0.5])
def update_clips_gradients_by_value(step: Step, largest: float) -> None:
    """Each component by itself."""
    for network, optimizer, loss in (
        (step.actor, step.actor_optimizer, step.actor_loss),
        (step.critic, step.critic_optimizer, step.critic_loss),
    ):
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(network.parameters(), largest)
        optimizer.step()


@PIPELINE.form_of("actor_loss_without_graph", "update")
def update_without_gradients(step: Step) -> None:
    """The losses are made anew under no_grad."""
    with torch.no_grad():
        step.values = step.pieces["values"](step)
        step.advantages = step.pieces["advantages"](step)
        step.log_probs = [log_prob.detach() for log_prob in step.log_probs]
        step.actor_loss = step.pieces["actor_loss"](step)
        step.critic_loss = step.pieces["critic_loss"](step)
    update(step)


@PIPELINE.mistake(
    "update",
    title="the global random numbers are reseeded in every call",
    misconception="a seed was set where numbers are used instead of where the program begins",
    hint="after such a call, which random numbers does the next episode get?",
    read=ALONE,
    values=[0, 42],
)
def update_reseeds(step: Step, seed: int) -> None:
    """Torch's generator."""
    torch.manual_seed(seed)
    update(step)


@PIPELINE.form_of("update_reseeds", "update", values=[0])
def update_reseeds_numpy(step: Step, seed: int) -> None:
    """Numpy's generator."""
    np.random.seed(seed)
    update(step)


@PIPELINE.form_of("update_reseeds", "update", values=[0])
def update_reseeds_everything(step: Step, seed: int) -> None:
    """All three generators."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    update(step)


@PIPELINE.mistake(
    "update",
    title="a network is left in another mode than it came in",
    misconception="train() or eval() was called for the sake of the update, and not undone",
    hint="in which mode does the caller get its networks back?",
    read=ALONE,
)
def update_leaves_eval_mode(step: Step) -> None:
    """The critic is left in evaluation mode."""
    update(step)
    step.critic.eval()


@PIPELINE.form_of("update_leaves_eval_mode", "update")
def update_leaves_both_in_eval_mode(step: Step) -> None:
    """Both are left in evaluation mode."""
    update(step)
    step.actor.eval()
    step.critic.eval()


@PIPELINE.form_of("update_leaves_eval_mode", "update")
def update_leaves_train_mode(step: Step) -> None:
    """Both are left in training mode, however they came."""
    update(step)
    step.actor.train()
    step.critic.train()


@PIPELINE.form_of("update_leaves_eval_mode", "update")
def update_leaves_the_critic_in_train_mode(step: Step) -> None:
    """The critic is left in training mode, however it came."""
    update(step)
    step.critic.train()


@PIPELINE.mistake(
    "update",
    title="a network is left frozen",
    misconception="requires_grad was switched off to hold a network still, and not switched back",
    hint="can the next call still train both networks?",
    read=ALONE,
)
def update_leaves_the_critic_frozen(step: Step) -> None:
    """requires_grad stays off for the critic."""
    update(step)
    step.critic.requires_grad_(False)


@PIPELINE.form_of("update_leaves_the_critic_frozen", "update")
def update_leaves_the_actor_frozen(step: Step) -> None:
    """requires_grad stays off for the actor."""
    update(step)
    step.actor.requires_grad_(False)


@PIPELINE.mistake(
    "update",
    title="a global setting of torch is left changed",
    misconception="gradients, the default dtype or anomaly detection were switched for one "
    "function, and for the whole program with it",
    hint="who else uses torch after this call?",
    read=ALONE,
)
def update_leaves_gradients_off(step: Step) -> None:
    """Gradients are left off."""
    with torch.enable_grad():
        update(step)
    torch.set_grad_enabled(False)


@PIPELINE.form_of("update_leaves_gradients_off", "update")
def update_leaves_anomaly_detection_on(step: Step) -> None:
    """Anomaly detection is left on."""
    torch.autograd.set_detect_anomaly(True)
    update(step)


@PIPELINE.form_of("update_leaves_gradients_off", "update")
def update_leaves_double_precision(step: Step) -> None:
    """float64 is left the default."""
    update(step)
    torch.set_default_dtype(torch.float64)


@PIPELINE.mistake(
    "update",
    title="the optimizers' settings are changed",
    misconception="a schedule for the learning rate was put into the function; it is the caller's "
    "to set",
    hint="which learning rate does the caller find in its optimizer after the call?",
    read=ALONE,
    values=[0.99, 0.999, 0.9, 0.995],
)
def update_decays_the_learning_rates(step: Step, factor: float) -> None:
    """Both learning rates shrink after each call."""
    update(step)
    for optimizer in step.optimizers:
        for group in optimizer.param_groups:
            group["lr"] *= factor


@PIPELINE.mistake(
    "update",
    title="the critic follows a multiple of the loss that is returned",
    misconception="a weight was put on the critic's loss in a combined loss, and the plain loss "
    "was returned",
    hint="which loss does the critic follow: the one that you return?",
    read=READ,
    values=[0.5, 0.25, 0.1, 2.0],
)
def update_weighs_the_critic(step: Step, weight: float) -> None:
    """Actor loss + weight * critic loss."""
    learn_together(step, weight)


@PIPELINE.mistake(
    "update",
    title="a loss is sent back twice, which doubles its gradient",
    misconception="backward was called once more on a loss, alone or as part of a total",
    hint="how often does each loss reach its network in one call?",
    read="the-steps-of-the-update",
)
def update_sends_both_back_twice(step: Step) -> None:
    """Each loss by itself, and then their sum."""
    for optimizer in step.optimizers:
        optimizer.zero_grad()
    step.actor_loss.backward(retain_graph=True)
    step.critic_loss.backward(retain_graph=True)
    (step.actor_loss + step.critic_loss).backward()
    for optimizer in step.optimizers:
        optimizer.step()


@PIPELINE.form_of("update_sends_both_back_twice", "update")
def update_sends_the_actor_back_twice(step: Step) -> None:
    """Only the actor's loss."""
    step.actor_optimizer.zero_grad()
    step.actor_loss.backward(retain_graph=True)
    step.actor_loss.backward(retain_graph=True)
    step.actor_optimizer.step()
    learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.mistake(
    "update",
    title="the critic is trained several times on one episode",
    misconception="the critic was given a loop of its own, as other algorithms do",
    hint="how many steps of each optimizer does the lesson take per episode?",
    read=READ,
    values=[5, 2, 10, 3],
)
def update_repeats_the_critic(step: Step, times: int) -> None:
    """The first of the critic's losses is returned."""
    first = step.critic_loss
    update_repeats_the_critic_to_the_last(step, times)
    step.critic_loss = first


@PIPELINE.form_of("update_repeats_the_critic", "update", values=[5, 2, 10, 3])
def update_repeats_the_critic_to_the_last(step: Step, times: int) -> None:
    """The last of the critic's losses is returned."""
    update(step)
    for _ in range(times - 1):
        step.values = step.pieces["values"](step)
        step.critic_loss = step.pieces["critic_loss"](step)
        learn(step.critic_optimizer, step.critic_loss)


@PIPELINE.mistake(
    "update",
    title="the advantages come from a critic that has already learnt from this episode",
    misconception="the critic was updated first, and asked for its values afterwards",
    hint="what did the critic expect before it saw how the episode went?",
    read="the-advantage",
)
def update_of_the_critic_first(step: Step) -> None:
    """Advantages after the critic's step."""
    learn(step.critic_optimizer, step.critic_loss)
    step.values = step.pieces["values"](step)
    step.advantages = step.pieces["advantages"](step)
    step.actor_loss = step.pieces["actor_loss"](step)
    learn(step.actor_optimizer, step.actor_loss)


@PIPELINE.mistake(
    "update",
    title="an episode of one step is left out",
    misconception="short episodes were skipped because something fails on them",
    hint="which operation of yours fails at T = 1, and is it in the lesson's formulas?",
    read=ALONE,
)
def update_skips_one_step(step: Step) -> None:
    """Nothing is done at T = 1."""
    if step.length > 1:
        update(step)


@PIPELINE.form_of("update_skips_one_step", "update", also={"result": lambda step: _nothing(step)})
def update_skips_one_step_for_nothing(step: Step) -> None:
    """Losses of zero are returned for it."""
    update_skips_one_step(step)


def _nothing(step: Step) -> tuple[float, float]:
    if step.length == 1:
        return 0.0, 0.0
    return step.actor_loss.item(), step.critic_loss.item()


@PIPELINE.mistake(
    "update",
    title="the caller's lists are emptied or changed",
    misconception="the lists were cleared for the next episode, although they belong to whoever "
    "made them",
    hint="does the caller still have its episode after the call?",
    read=ALONE,
)
def update_empties_the_lists(step: Step) -> None:
    """Rewards and log-probs are deleted."""
    update(step)
    del step.rewards[:]
    del step.log_probs[:]


@PIPELINE.form_of("update_empties_the_lists", "update")
def update_empties_all_lists(step: Step) -> None:
    """All three are deleted."""
    update_empties_the_lists(step)
    del step.states[:]


@PIPELINE.form_of("update_empties_the_lists", "update")
def update_empties_the_log_probs(step: Step) -> None:
    """Only the log-probs are deleted."""
    update(step)
    del step.log_probs[:]
