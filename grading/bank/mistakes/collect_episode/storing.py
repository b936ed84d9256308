"""Mistakes in what is stored, and in what is returned."""

from typing import Any

import numpy as np
import torch

from grading.bank.mistakes.collect_episode.pipeline import (
    PIPELINE,
    Play,
    kept_reward,
    result,
    store,
    take,
)
from lesson import GAMMA, compute_returns

READ = "exercise-2-collecting-an-episode"


@PIPELINE.mistake(
    "state",
    title="the states are those after the step",
    misconception="the state was stored when it had moved on already",
    hint="at which moment of the round is the state still the one that the actor saw?",
    read=READ,
)
def state_after_the_step(play: Play) -> Any:
    """s_{t+1}."""
    return np.array(play.next_observation)


@PIPELINE.mistake(
    "state",
    title="the environment's own array is stored, which the environment may overwrite",
    misconception="append was taken to copy, or the copy was made only after the step",
    hint="some environments write each observation into the same array: when must it be copied?",
    read="a-copy-of-the-state",
)
def state_not_copied(play: Play) -> Any:
    """The array that the environment gave."""
    return play.observation


@PIPELINE.form_of("state_not_copied", "state")
def state_copied_too_late(play: Play) -> Any:
    """Copied after the step."""
    return np.array(play.observation)


@PIPELINE.mistake(
    "act",
    title="the actor's graph holds the environment's own array, which may be overwritten",
    misconception="from_numpy or as_tensor was taken to copy; the tensor shares the array's memory",
    hint="when the actor learns, what will stand in the array that its input was made from?",
    read="a-copy-of-the-state",
)
def act_on_the_environments_array(play: Play) -> None:
    """A tensor that shares the observation's memory."""
    shared = torch.from_numpy(play.observation)
    probabilities = play.actor(shared)
    take(play, play.draw(probabilities), probabilities)


@PIPELINE.mistake(
    "state",
    title="the states are not stored as they are",
    misconception="they were normalised, rounded, cut off or scaled on the way",
    hint="is what you store the very state that the actor saw?",
    read=READ,
)
def state_clipped(play: Play) -> Any:
    """Between -5 and 5."""
    return np.clip(play.state, -5, 5)


@PIPELINE.form_of("state_clipped", "state")
def state_rounded(play: Play) -> Any:
    """Two digits."""
    return np.round(play.state, 2)


@PIPELINE.form_of("state_clipped", "state")
def state_normalised(play: Play) -> Any:
    """Of length one."""
    return play.state / (np.linalg.norm(play.state) + 1e-8)


@PIPELINE.form_of("state_clipped", "state")
def state_of_small_integers(play: Play) -> Any:
    """Fractions cut off."""
    return play.state.astype(int)


@PIPELINE.mistake(
    "state",
    title="each state has a dimension too many",
    misconception="a batch of one state was made, and its dimension kept",
    hint="which shape does the environment give, and which shape do you store?",
    read=READ,
)
def state_in_a_batch(play: Play) -> Any:
    """Shape (1, state_dim)."""
    return play.state[None]


@PIPELINE.mistake(
    "reward",
    title="the rewards are scaled",
    misconception="they were multiplied by a constant to suit the network",
    hint="what did env.step pay for this action?",
    read=READ,
    values=[0.01, 0.1, 10.0],
)
def reward_scaled(play: Play, factor: float) -> Any:
    """Times a constant."""
    return factor * play.reward


@PIPELINE.mistake(
    "reward",
    title="every reward is stored as 1",
    misconception="CartPole's reward was written into the collector",
    hint="what did env.step pay for this action?",
    read=READ,
)
def reward_one(_: Play) -> Any:
    """1.0."""
    return 1.0


@PIPELINE.mistake(
    "reward",
    title="the rewards are added up along the episode",
    misconception="the total so far was stored instead of what this step earned",
    hint="what did env.step pay for this one action?",
    read=READ,
)
def reward_cumulated(play: Play) -> Any:
    """The sum so far."""
    return kept_reward(play) + (play.rewards[-1] if play.rewards else 0.0)


@PIPELINE.mistake(
    "reward",
    title="the rewards are clipped",
    misconception="they were cut to between -1 and 1, as is done for Atari games",
    hint="what did env.step pay for this action?",
    read=READ,
)
def reward_clipped(play: Play) -> Any:
    """Between -1 and 1."""
    return float(np.clip(play.reward, -1, 1))


@PIPELINE.form_of("reward_clipped", "reward")
def reward_sign(play: Play) -> Any:
    """Only the sign."""
    return float(np.sign(play.reward))


@PIPELINE.mistake(
    "reward",
    title="fractions of rewards are cut off",
    misconception="rewards were made whole numbers",
    hint="what becomes of a reward of 0.5?",
    read=READ,
)
def reward_integer(play: Play) -> Any:
    """int(r)."""
    return float(int(play.reward))


@PIPELINE.mistake(
    "reward",
    title="the reward of the last step is replaced",
    misconception="a penalty for falling was added, which the environment does not pay",
    hint="what did env.step pay for the last action?",
    read=READ,
    values=[-10.0, 0.0, -1.0, -100.0],
)
def reward_with_a_penalty(play: Play, penalty: float) -> Any:
    """Another reward where the episode terminates."""
    return penalty if play.terminated else kept_reward(play)


@PIPELINE.form_of("reward_with_a_penalty", "reward", values=[-10.0, 0.0, -1.0])
def reward_with_a_penalty_at_any_end(play: Play, penalty: float) -> Any:
    """Another reward where the episode ends."""
    return penalty if play.terminated or play.truncated else kept_reward(play)


@PIPELINE.mistake(
    "reward",
    title="the rewards are stored with a discount",
    misconception="gamma was multiplied in while the episode was played; returns do that later",
    hint="who computes returns, and from what?",
    read=READ,
)
def reward_discounted(play: Play) -> Any:
    """gamma^t r_t."""
    return GAMMA ** len(play.rewards) * play.reward


@PIPELINE.mistake(
    "result",
    title="returns are stored in the place of rewards",
    misconception="the returns were computed while collecting, and the update computes them again",
    hint="who computes returns, and from what?",
    read=READ,
)
def result_returns(play: Play) -> Any:
    """G_t for r_t."""
    return play.states, play.actions, compute_returns(play.rewards), play.log_probs, play.values


@PIPELINE.mistake(
    "result",
    title="one or all of the lists stand in reverse order",
    misconception="a list was turned round for the sake of the returns, or filled from the front",
    hint="which step does the first entry of each list belong to?",
    read=READ,
)
def result_reversed(play: Play) -> Any:
    """All five."""
    return tuple(one[::-1] for one in play.lists())


@PIPELINE.form_of("result_reversed", "result")
def result_reversed_rewards(play: Play) -> Any:
    """Only the rewards."""
    return play.states, play.actions, play.rewards[::-1], play.log_probs, play.values


@PIPELINE.form_of("result_reversed", "result")
def result_reversed_log_probs(play: Play) -> Any:
    """Only the log-probs."""
    return play.states, play.actions, play.rewards, play.log_probs[::-1], play.values


@PIPELINE.form_of("result_reversed", "result")
def result_reversed_values(play: Play) -> Any:
    """Only the values."""
    return play.states, play.actions, play.rewards, play.log_probs, play.values[::-1]


@PIPELINE.mistake(
    "result",
    title="a list is shifted by one step against the others",
    misconception="an entry was stored one round too late or too early",
    hint="at index 0 of each list, does everything belong to the same step?",
    read=READ,
)
def result_shifted_rewards(play: Play) -> Any:
    """r_{t-1}, zero first."""
    rewards = [0.0, *play.rewards[:-1]]
    return play.states, play.actions, rewards, play.log_probs, play.values


@PIPELINE.form_of("result_shifted_rewards", "result")
def result_rewards_of_the_next_step(play: Play) -> Any:
    """r_{t+1}, zero last."""
    rewards = [*play.rewards[1:], 0.0]
    return play.states, play.actions, rewards, play.log_probs, play.values


@PIPELINE.form_of("result_shifted_rewards", "result")
def result_shifted_values(play: Play) -> Any:
    """V(s_{t-1}), zero first."""
    values = [0.0, *play.values[:-1]]
    return play.states, play.actions, play.rewards, play.log_probs, values


@PIPELINE.mistake(
    "result",
    title="the lists are returned in the wrong order",
    misconception="some of the five changed places",
    hint="in which order does the caller unpack them?",
    read=READ,
)
def result_log_probs_and_values_swapped(play: Play) -> Any:
    """Values before log_probs."""
    return play.states, play.actions, play.rewards, play.values, play.log_probs


@PIPELINE.form_of("result_log_probs_and_values_swapped", "result")
def result_actions_and_rewards_swapped(play: Play) -> Any:
    """Rewards before actions."""
    return play.states, play.rewards, play.actions, play.log_probs, play.values


@PIPELINE.form_of("result_log_probs_and_values_swapped", "result")
def result_rewards_and_log_probs_swapped(play: Play) -> Any:
    """log_probs before rewards."""
    return play.states, play.actions, play.log_probs, play.rewards, play.values


@PIPELINE.form_of("result_log_probs_and_values_swapped", "result")
def result_rewards_and_values_swapped(play: Play) -> Any:
    """Values before rewards."""
    return play.states, play.actions, play.values, play.log_probs, play.rewards


@PIPELINE.form_of("result_log_probs_and_values_swapped", "result")
def result_states_and_actions_swapped(play: Play) -> Any:
    """Actions before states."""
    return play.actions, play.states, play.rewards, play.log_probs, play.values


@PIPELINE.form_of("result_log_probs_and_values_swapped", "result")
def result_log_probs_before_rewards(play: Play) -> Any:
    """states, actions, log_probs, values, rewards."""
    return play.states, play.actions, play.log_probs, play.values, play.rewards


@PIPELINE.mistake(
    "result",
    title="a list is left out of what is returned",
    misconception="one of the five was forgotten, or the collector of REINFORCE was copied, which "
    "has no values",
    hint="how many lists does the caller unpack?",
    read=READ,
)
def result_without_values(play: Play) -> Any:
    """Four lists."""
    return play.states, play.actions, play.rewards, play.log_probs


@PIPELINE.form_of("result_without_values", "result")
def result_without_actions(play: Play) -> Any:
    """Four lists, no actions."""
    return play.states, play.rewards, play.log_probs, play.values


@PIPELINE.mistake(
    "result",
    title="more than the five lists are returned",
    misconception="something useful was added, which the caller does not unpack",
    hint="how many lists does the caller unpack?",
    read=READ,
)
def result_with_the_total(play: Play) -> Any:
    """And the total reward."""
    return (*play.lists(), sum(play.rewards))


@PIPELINE.mistake(
    "result",
    title="nothing is returned",
    misconception="the return statement is missing, or stands where it is not reached",
    hint="what does a function give that never says return?",
    read=READ,
)
def result_nothing(_: Play) -> Any:
    """None."""
    return None


@PIPELINE.mistake(
    "result",
    title="a dictionary is returned instead of five lists",
    misconception="the lists were given names, but the caller unpacks them by position",
    hint="what does unpacking a dictionary give?",
    read=READ,
)
def result_dictionary(play: Play) -> Any:
    """By name."""
    names = ("states", "actions", "rewards", "log_probs", "values")
    return dict(zip(names, play.lists(), strict=True))


@PIPELINE.mistake(
    "result",
    title="arrays or tensors are returned instead of lists",
    misconception="the lists were stacked for the update, which does that itself",
    hint="what are the types of the five things that you return?",
    read=READ,
)
def result_arrays(play: Play) -> Any:
    """Arrays of states, actions, rewards and values."""
    return (
        np.array(play.states),
        np.array(play.actions),
        np.array(play.rewards),
        play.log_probs,
        np.array(play.values),
    )


@PIPELINE.form_of("result_arrays", "result")
def result_stacked_states(play: Play) -> Any:
    """Only the states."""
    return np.array(play.states), play.actions, play.rewards, play.log_probs, play.values


@PIPELINE.form_of("result_arrays", "result")
def result_stacked_log_probs(play: Play) -> Any:
    """Only the log-probs."""
    stacked = torch.stack(play.log_probs)
    return play.states, play.actions, play.rewards, stacked, play.values


@PIPELINE.form_of("result_arrays", "result")
def result_value_tensor(play: Play) -> Any:
    """Only the values."""
    return play.states, play.actions, play.rewards, play.log_probs, torch.tensor(play.values)


@PIPELINE.mistake(
    "result",
    title="a backward pass is made while collecting",
    misconception="learning was begun where the episode is only to be recorded",
    hint="what is left of a graph after backward, for the update that needs it?",
    read=READ,
)
def result_after_backward(play: Play) -> Any:
    """The graph is used up, and gradients are left behind."""
    torch.stack(play.log_probs).sum().backward()
    return result(play)


@PIPELINE.mistake(
    "store",
    title="the lists still hold the episodes before",
    misconception="the lists are defaults or globals, which are made once for all calls",
    hint="when is a list made that stands in the parameters or outside of the function?",
    read=READ,
)
def store_in_the_same_lists(play: Play) -> None:
    """Made once, with the function."""
    kept = play.pieces.setdefault("lists", play.lists())  # type: ignore[attr-defined]
    play.states, play.actions, play.rewards, play.log_probs, play.values = kept
    store(play)
