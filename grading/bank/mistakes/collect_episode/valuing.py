"""Mistakes in the values."""

import numpy as np
import torch

from grading.bank.mistakes.collect_episode.pipeline import PIPELINE, Play, result, value

READ = "exercise-2-collecting-an-episode"


@PIPELINE.mistake(
    "value",
    title="the values are those of the next states",
    misconception="the critic was asked after the step, when the state had moved on",
    hint="at which moment of the round is the state still the one that the actor saw?",
    read=READ,
    also={"result": lambda play: _values_moved_on(play)},
)
def value_after_the_step(play: Play) -> None:
    """V(s_{t+1})."""
    value(play)


def _values_moved_on(play: Play) -> object:
    last = play.critic(play.tensor(play.next_observation)).item()
    play.values[:] = [*play.values[1:], last]
    return result(play)


@PIPELINE.mistake(
    "value",
    title="the value of the last state is zero",
    misconception="the end was taken to be worth nothing; but V(s_t) is asked for, of the state in "
    "which the last action was chosen",
    hint="what did the critic say before the last step?",
    read=READ,
    also={"result": lambda play: _last_value_zero(play)},
)
def value_zero_at_the_end(play: Play) -> None:
    """0.0 where the episode ended."""
    value(play)


def _last_value_zero(play: Play) -> object:
    play.values[-1] = 0.0
    return result(play)


@PIPELINE.mistake(
    "value",
    title="the values come from the actor",
    misconception="the probability of an action was taken for the value of a state",
    hint="which of the two networks predicts returns?",
    read=READ,
)
def value_from_the_actor(play: Play) -> None:
    """Max pi(.|s)."""
    play.value = play.probabilities().max().item()


@PIPELINE.mistake(
    "value",
    title="the values are tensors",
    misconception="a tensor with one element was taken for a number",
    hint="does anything learn from these values, and how does a tensor become a plain number?",
    read="floats-and-graphs",
)
def value_with_graph(play: Play) -> None:
    """With its graph."""
    play.value = play.critic(play.state_t)


@PIPELINE.form_of("value_with_graph", "value")
def value_detached(play: Play) -> None:
    """Without its graph."""
    play.value = play.critic(play.state_t).detach()


@PIPELINE.form_of("value_with_graph", "value")
def value_in_a_batch(play: Play) -> None:
    """Shape (1,)."""
    play.value = play.critic(play.state_t.unsqueeze(0)).detach()


@PIPELINE.mistake(
    "value",
    title="the values are numpy arrays or numpy numbers",
    misconception=".numpy() was taken to give a plain number",
    hint="what is the type of one of your values, and how does it become a Python float?",
    read="floats-and-graphs",
)
def value_array(play: Play) -> None:
    """An array of no dimensions."""
    play.value = play.critic(play.state_t).detach().cpu().numpy()


@PIPELINE.form_of("value_array", "value")
def value_numpy_number(play: Play) -> None:
    """A float32 of numpy."""
    play.value = np.float32(play.critic(play.state_t).item())


@PIPELINE.form_of("value_array", "value")
def value_array_of_one(play: Play) -> None:
    """An array of shape (1,)."""
    play.value = play.critic(play.state_t.unsqueeze(0)).detach().cpu().numpy()


@PIPELINE.mistake(
    "value",
    title="each value is a list",
    misconception=".tolist() was taken to give a plain number; of a batch of one it gives a list",
    hint="what is the type of one of your values?",
    read="floats-and-graphs",
)
def value_list(play: Play) -> None:
    """[V]."""
    play.value = [play.critic(play.state_t).item()]


@PIPELINE.mistake(
    "value",
    title="all values are that of the first state",
    misconception="the critic was asked once, before the loop",
    hint="of how many states is the value wanted?",
    read=READ,
)
def value_of_the_first_state(play: Play) -> None:
    """V(s_0)."""
    if not play.values:
        value(play)


@PIPELINE.mistake(
    "value",
    title="the values are rounded",
    misconception="numbers were made readable, or whole, before they were stored",
    hint="who should decide how many digits are shown?",
    read=READ,
    values=[2, 0, 1],
)
def value_rounded(play: Play, digits: int) -> None:
    """A few digits only."""
    value(play)
    play.value = float(round(play.value, digits))


@PIPELINE.form_of("value_rounded", "value")
def value_integer(play: Play) -> None:
    """int(V)."""
    value(play)
    play.value = float(int(play.value))


@PIPELINE.mistake(
    "value",
    title="advantages or errors are stored instead of values",
    misconception="the value was combined with the reward already",
    hint="what is to stand in the list: what the critic says, or how far off it was?",
    read=READ,
    also={"result": lambda play: _values_off_rewards(play)},
)
def value_off_the_reward(play: Play) -> None:
    """r_t - V(s_t)."""
    value(play)


def _values_off_rewards(play: Play) -> object:
    play.values[:] = [r - v for r, v in zip(play.rewards, play.values, strict=True)]
    return result(play)


@PIPELINE.mistake(
    "value",
    title="negative values are cut off",
    misconception="a value was taken to be never negative",
    hint="what should the critic say where only losses lie ahead?",
    read=READ,
)
def value_never_negative(play: Play) -> None:
    """max(V, 0)."""
    value(play)
    play.value = max(play.value, 0.0)


@PIPELINE.mistake(
    "value",
    title="the networks, or torch's gradients, are left switched",
    misconception="eval(), requires_grad or the recording of gradients was switched for the "
    "value, and not switched back",
    hint="in which state does the caller find the networks and torch after the episode?",
    read=READ,
)
def value_in_eval_mode(play: Play) -> None:
    """The critic is left in evaluation mode."""
    play.critic.eval()
    value(play)


@PIPELINE.form_of("value_in_eval_mode", "value")
def value_in_train_mode(play: Play) -> None:
    """The critic is left in training mode, whatever it was in."""
    play.critic.eval()
    value(play)
    play.critic.train()


@PIPELINE.form_of("value_in_eval_mode", "value")
def value_of_a_frozen_critic(play: Play) -> None:
    """The critic is left without requires_grad."""
    play.critic.requires_grad_(False)
    value(play)


@PIPELINE.form_of("value_in_eval_mode", "value")
def value_with_gradients_off(play: Play) -> None:
    """Gradients are left off; so the log-probs have no graph."""
    torch.set_grad_enabled(False)
    value(play)
