"""`collect_episode_with_values` in pieces, each doing what the reference does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor

from grading.bank.pipeline import Pieces, Pipeline
from lesson import Actor, Critic

Draw = Callable[[Tensor, int, int], int]
"""(probabilities, step, how often it was drawn before in this step) -> an action."""

MOST_ROUNDS = 3_000
"""Two mistakes together may never end: two of the longest episodes here are shorter."""

_EPS = torch.finfo(torch.float32).eps


def draw_at_random(probabilities: Tensor, _step: int, _nth: int) -> int:
    """An action with these probabilities."""
    return int(torch.multinomial(probabilities.detach(), 1, replacement=True))


@dataclass
class Play:
    """The arguments of a call, and an episode on its way."""

    pieces: Pieces
    draw_action: Draw
    env: gym.Env[np.ndarray, Any]
    actor: Actor
    critic: Critic
    observation: np.ndarray = field(init=False)
    """The array that the environment gave last, and may overwrite."""
    state: np.ndarray = field(init=False)
    """A copy of it from before the step."""
    state_t: Tensor = field(init=False)
    """The same as a tensor."""
    action: Any = field(init=False)
    log_prob: Any = field(init=False)
    value: Any = field(init=False)
    next_observation: np.ndarray = field(init=False)
    reward: Any = field(init=False)
    terminated: bool = False
    truncated: bool = False
    states: list[Any] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    rewards: list[Any] = field(default_factory=list)
    log_probs: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    rounds: int = 0
    now: int = 0
    """How often the environment had been stepped before this round."""
    draws: int = 0

    @cached_property
    def device(self) -> torch.device:
        """Where the actor is."""
        return next(self.actor.parameters()).device

    def see(self) -> None:
        """Take a copy of what the environment shows."""
        self.state = np.array(self.observation)
        self.state_t = self.tensor(self.state)

    def tensor(self, state: Any) -> Tensor:
        """A state where the actor is."""
        return torch.tensor(np.array(state), dtype=torch.float32, device=self.device)

    def probabilities(self) -> Tensor:
        """pi(.|s) of the present state."""
        return self.actor(self.state_t)

    def draw(self, probabilities: Tensor) -> int:
        """An action with these probabilities."""
        action = self.draw_action(probabilities, self.now, self.draws)
        self.draws += 1
        return action

    def lists(self) -> tuple[list[Any], ...]:
        """All five, in the order of the contract."""
        return self.states, self.actions, self.rewards, self.log_probs, self.values

    def clear(self) -> None:
        """Forget the episode."""
        for one in self.lists():
            one.clear()


def log_of(probability: Tensor) -> Tensor:
    """The logarithm as `sample_action` takes it."""
    return probability.clamp(_EPS, 1 - _EPS).log()


def reset(play: Play) -> None:
    """One reset, without a seed."""
    play.observation, _ = play.env.reset()


def take(play: Play, action: int, probabilities: Tensor) -> None:
    """Choose an action; its log-probability is that under these probabilities."""
    play.action = action
    play.log_prob = log_of(probabilities[action])


def act(play: Play) -> None:
    """An action drawn from the policy, and its log-probability."""
    probabilities = play.probabilities()
    take(play, play.draw(probabilities), probabilities)


def value(play: Play) -> None:
    """V(s_t) as a float."""
    play.value = play.critic(play.state_t).item()


def step(play: Play) -> None:
    """One step of the environment."""
    play.next_observation, play.reward, play.terminated, play.truncated, _ = play.env.step(
        play.action
    )


def kept_state(play: Play) -> Any:
    """What is stored as the state."""
    return play.state


def kept_reward(play: Play) -> Any:
    """What is stored as the reward."""
    return float(play.reward)


def store(play: Play) -> None:
    """One entry in each list."""
    play.states.append(play.pieces["state"](play))
    play.actions.append(play.action)
    play.rewards.append(play.pieces["reward"](play))
    play.log_probs.append(play.log_prob)
    play.values.append(play.value)


def advance(play: Play) -> None:
    """The next state becomes the present one."""
    play.observation = play.next_observation


def end(play: Play) -> bool:
    """Whether the episode is over."""
    return play.terminated or play.truncated


def result(play: Play) -> Any:
    """The five lists."""
    return play.lists()


def _assemble(pieces: Pieces, draw: Draw = draw_at_random) -> Callable[..., Any]:
    def collect_episode_with_values(
        env: gym.Env[np.ndarray, Any], actor: Actor, critic: Critic
    ) -> Any:
        play = Play(pieces, draw, env, actor, critic)
        pieces["reset"](play)
        over = False
        while not over:
            if play.rounds == MOST_ROUNDS:
                raise RuntimeError(f"the episode did not end in {MOST_ROUNDS} rounds")
            play.draws = 0
            # The environment counts for itself: a faulty collector does not step it once a round.
            play.now = getattr(env, "steps_taken", play.rounds)
            play.see()
            pieces["act"](play)
            pieces["value"](play)
            pieces["step"](play)
            pieces["store"](play)
            pieces["advance"](play)
            play.rounds += 1
            over = pieces["end"](play)
        return pieces["result"](play)

    return collect_episode_with_values


PIPELINE = Pipeline(
    "collect_episode",
    "collect_episode_with_values",
    _assemble,
    {
        "reset": reset,
        "act": act,
        "value": value,
        "step": step,
        "state": kept_state,
        "reward": kept_reward,
        "store": store,
        "advance": advance,
        "end": end,
        "result": result,
    },
)
