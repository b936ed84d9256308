"""Mistakes in resetting, stepping and ending."""

from typing import Any

import numpy as np

from grading.bank.mistakes.collect_episode.pipeline import (
    PIPELINE,
    Play,
    advance,
    end,
    reset,
    result,
    step,
    store,
)

READ = "exercise-2-collecting-an-episode"


@PIPELINE.mistake(
    "reset",
    title="every episode is reset with the same seed",
    misconception="a seed was set to make runs repeatable; it is the caller's to set",
    hint="how many different beginnings of an episode does the agent see?",
    read=READ,
    values=[42, 0],
)
def reset_with_a_seed(play: Play, seed: int) -> None:
    """reset(seed=...)."""
    play.observation, _ = play.env.reset(seed=seed)


@PIPELINE.mistake(
    "reset",
    title="the environment is never reset",
    misconception="a new environment was taken to stand at its beginning",
    hint="where does the first state of an episode come from?",
    read=READ,
)
def reset_missing(play: Play) -> None:
    """The first state is made up."""
    play.observation = np.zeros(play.env.observation_space.shape or (1,), np.float32)


@PIPELINE.mistake(
    "reset",
    title="the environment is reset more than once",
    misconception="a reset was put before or after the episode for safety",
    hint="who resets the environment for the next episode?",
    read=READ,
)
def reset_twice(play: Play) -> None:
    """Twice before the first step."""
    reset(play)
    reset(play)


@PIPELINE.form_of("reset_twice", "result")
def reset_again_at_the_end(play: Play) -> Any:
    """Once more after the last step."""
    play.env.reset()
    return result(play)


@PIPELINE.mistake(
    "act",
    title="the environment is reset in each round of the loop",
    misconception="the reset stands inside the loop",
    hint="how often does the line with reset run in one episode?",
    read=READ,
)
def reset_in_each_round(play: Play) -> None:
    """The episode never gets beyond its first step."""
    if play.rounds > 0:
        reset(play)
        play.see()
    PIPELINE.pieces["act"](play)


@PIPELINE.mistake(
    "advance",
    title="the agent never sees the next state",
    misconception="what env.step returns was given a new name, and the old one was used on",
    hint="after env.step, which variable holds the state that the next action is chosen in?",
    read=READ,
)
def advance_never(_: Play) -> None:
    """The first observation for ever."""


@PIPELINE.mistake(
    "step",
    title="each action is taken twice",
    misconception="env.step was called once more than actions were chosen",
    hint="how often is env.step called in one round of the loop, and how many entries does the "
    "round add?",
    read=READ,
)
def step_twice(play: Play) -> None:
    """The second reward and state are kept."""
    step(play)
    if not end(play):
        step(play)


@PIPELINE.form_of("step_twice", "step")
def step_twice_and_add(play: Play) -> None:
    """Both rewards are kept."""
    step(play)
    if not end(play):
        first = play.reward
        step(play)
        play.reward += first


@PIPELINE.mistake(
    "step",
    title="the environment is not stepped with the action that was drawn",
    misconception="a constant or a random action was passed to env.step",
    hint="which action did env.step receive, and which one was drawn?",
    read=READ,
)
def step_with_the_first_action(play: Play) -> None:
    """Always action 0."""
    play.next_observation, play.reward, play.terminated, play.truncated, _ = play.env.step(0)


@PIPELINE.mistake(
    "step",
    title="the environment is never stepped",
    misconception="the loop was left before its first step, or an episode was made up",
    hint="where does the first reward of an episode come from?",
    read=READ,
)
def step_never(play: Play) -> None:
    """An end without a step."""
    play.next_observation, play.reward, play.terminated = play.observation, 0.0, True


@PIPELINE.mistake(
    "end",
    title="truncation does not end the episode",
    misconception="only one of the two flags was looked at",
    hint="which two flags does env.step return, and what does each mean?",
    read="the-end-of-an-episode",
)
def end_only_terminated(play: Play) -> bool:
    """Terminated."""
    return play.terminated


@PIPELINE.mistake(
    "end",
    title="termination does not end the episode",
    misconception="only one of the two flags was looked at, or they were unpacked in the "
    "wrong order",
    hint="which two flags does env.step return, and what does each mean?",
    read="the-end-of-an-episode",
)
def end_only_truncated(play: Play) -> bool:
    """Truncated."""
    return play.truncated


@PIPELINE.mistake(
    "end",
    title="the episode ends only if it is terminated and truncated at once",
    misconception="the two flags were joined by the wrong word",
    hint="does a fallen pole have to wait for the time limit?",
    read="the-end-of-an-episode",
)
def end_both(play: Play) -> bool:
    """And."""
    return play.terminated and play.truncated


@PIPELINE.mistake(
    "end",
    title="the episode is left after a fixed number of steps",
    misconception="CartPole's limit, or a smaller one, was written into the loop",
    hint="is a loop still running that should have ended, or is something very slow in each round?",
    read="the-end-of-an-episode",
    values=[500, 200, 1000, 100, 10, 5],
)
def end_after(play: Play, steps: int) -> bool:
    """At most this many steps."""
    return end(play) or play.rounds >= steps


@PIPELINE.mistake(
    "end",
    title="the episode is left after one step",
    misconception="the return or the break stands inside the loop, and is always reached",
    hint="how often does the body of your loop run?",
    read=READ,
)
def end_at_once(_: Play) -> bool:
    """One round."""
    return True


@PIPELINE.mistake(
    "end",
    title="more than one episode is collected",
    misconception="the loop goes on after a reset, until it has collected enough",
    hint="how many episodes does one call collect?",
    read=READ,
)
def end_after_two(play: Play) -> bool:
    """Two episodes in the same lists."""
    if end(play) and not hasattr(play, "second"):
        play.second = True  # type: ignore[attr-defined]
        reset(play)
        return False
    return end(play)


@PIPELINE.mistake(
    "end",
    title="the episode ends when a reward is zero or negative",
    misconception="a reward was taken for the sign that the pole has fallen",
    hint="which two flags does env.step return, and what does each mean?",
    read=READ,
)
def end_at_a_bad_reward(play: Play) -> bool:
    """Or at a reward of at most zero."""
    return end(play) or play.reward <= 0


@PIPELINE.mistake(
    "store",
    title="the last step is missing from the lists",
    misconception="the loop is left before the last step is stored, as if it did not count",
    hint="is what the last action earned in your list?",
    read=READ,
)
def store_all_but_the_last(play: Play) -> None:
    """Nothing is stored of the step that ends the episode."""
    if not end(play):
        store(play)


@PIPELINE.mistake(
    "store",
    title="the first step is missing from the lists",
    misconception="storing begins one round too late",
    hint="what is stored in the first round of your loop?",
    read=READ,
)
def store_all_but_the_first(play: Play) -> None:
    """Nothing is stored of the first step."""
    if play.rounds > 0:
        store(play)


@PIPELINE.mistake(
    "result",
    title="there is an entry for after the end of the episode",
    misconception="the state after the end, or its value, was stored too, as bootstrapping needs "
    "it",
    hint="how many actions were taken, and in how many states?",
    read=READ,
)
def result_with_the_last_state(play: Play) -> Any:
    """T + 1 states."""
    play.states.append(np.array(play.next_observation))
    return result(play)


@PIPELINE.form_of("result_with_the_last_state", "result")
def result_with_the_last_value(play: Play) -> Any:
    """T + 1 values."""
    play.values.append(play.critic(play.tensor(play.next_observation)).item())
    return result(play)


@PIPELINE.form_of("result_with_the_last_state", "result")
def result_with_a_value_to_bootstrap_from(play: Play) -> Any:
    """T + 1 values, the last one zero if the episode was terminated."""
    if play.terminated:
        return result_with_a_value_of_zero(play)
    return result_with_the_last_value(play)


@PIPELINE.form_of("result_with_the_last_state", "result")
def result_with_a_value_of_zero(play: Play) -> Any:
    """T + 1 values, the last one zero."""
    play.values.append(0.0)
    return result(play)


@PIPELINE.form_of("result_with_the_last_state", "result")
def result_with_the_last_state_and_value(play: Play) -> Any:
    """T + 1 states and values."""
    play.states.append(np.array(play.next_observation))
    return result_with_the_last_value(play)


@PIPELINE.mistake(
    "store",
    title="only the last step is in the lists",
    misconception="the lists are made anew in each round, or assigned instead of appended to",
    hint="in which line are your lists made, and how often does it run?",
    read=READ,
)
def store_only_the_last(play: Play) -> None:
    """The lists are emptied in each round."""
    play.clear()
    store(play)


@PIPELINE.mistake(
    "store",
    title="every step is stored twice",
    misconception="the lines that append were repeated",
    hint="how many entries does each round add?",
    read=READ,
)
def store_twice(play: Play) -> None:
    """2 T entries."""
    store(play)
    store(play)


@PIPELINE.mistake(
    "advance",
    title="the environment is closed, although it is the caller's",
    misconception="one episode was taken to be all that the environment is needed for",
    hint="what happens when the caller wants to play another episode?",
    read=READ,
)
def advance_and_close(play: Play) -> None:
    """Closed after the last step."""
    advance(play)
    if end(play):
        play.env.close()
