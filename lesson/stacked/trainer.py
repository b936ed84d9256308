"""The stacked trainer: many independent runs in one process.

Every run has its own networks, optimizers, environment and episodes, as in the lesson's loop; only
the arithmetic is shared. A run that has finished an episode rests until a third of all rest, and
these are updated together. Resting changes nothing for a run, so its rewards are distributed like
those of a run by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lesson.stacked.agents import Agents, Gradients, OneTrunk, Separate, joined
from lesson.stacked.networks import Stack
from lesson.stacked.places import places as environments
from lesson.stacked.signals import Episodes, Learner, Signal

TOGETHER = 1 / 3
"""Of the runs that are not at their end: so many are updated at a time."""
ALIKE = 0.4
"""These are taken in parts: no episode of a part is shorter than so much of its longest, ..."""
PART_STEPS = {"cpu": 3000, "cuda": 1_000_000}
"""... and together they have so many steps, padding included: what fits a CPU's caches, and what
keeps a GPU busy without filling its memory."""


@dataclass(frozen=True)
class Settings:
    """How each run is trained."""

    episodes: int = 100
    actor_lr: float = 0.003
    critic_lr: float = 0.01
    hidden_dim: int = 128
    env_name: str = "CartPole-v1"
    shared: bool = False
    """One network with two heads: its optimizer has the actor's learning rate."""
    budget: int | None = None
    """Steps after which a run is at its end, at the end of that episode, if not before."""


@dataclass(frozen=True)
class Played:
    """A finished episode of a run."""

    run: int
    states: np.ndarray
    """(T, state_dim), float32."""
    actions: np.ndarray
    """(T,)"""


class Trainer:
    """Trains runs in places: a place whose run is at its end takes the next one."""

    def __init__(
        self,
        learner: Learner,
        runs: int,
        seed: int,
        settings: Settings,
        *,
        places: int = 64,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        watch: Callable[[Played], None] | None = None,
    ) -> None:
        """Everything random comes from `seed`; `watch` is told of each episode before its update.

        With as many places as runs, run i is row i of the stacks of `agents`.
        """
        n = min(places, runs)
        self.rewards = np.full((runs, settings.episodes), np.nan, np.float32)
        """(runs, episodes): the sum of each episode's rewards; NaN where none was finished."""
        self.steps = 0
        """Of environments, in finished episodes."""
        self._learner, self._settings, self._watch = learner, settings, watch
        self._random = np.random.default_rng([seed, *b"actions"])
        self._initial = torch.Generator().manual_seed(seed)
        self._places = envs = environments(settings.env_name, n)
        self._to = torch.empty(0, dtype=dtype, device=device)
        self.agents = self._new_agents(n)
        # Rows of the policies' weights are apart in memory, which is slow for a single step.
        rows = self._tensor(np.arange(n))
        self._acting = [torch.zeros_like(one) for one in self.agents.policy(rows)]
        steps = envs.max_steps + 1
        self._states = np.zeros((n, steps, envs.state_dim), np.float32)
        self._actions = np.zeros((n, steps), np.int64)
        self._paid = np.zeros((n, steps), np.float32)
        self._length = np.zeros(n, np.int64)
        self._run = np.zeros(n, np.int64)
        self._episodes = np.zeros(n, np.int64)
        self._spent = np.zeros(n, np.int64)
        self._resting = np.zeros(n, bool)
        self._free = np.zeros(n, bool)
        self._taken = 0
        self._take_next(np.arange(n))

    def _new_agents(self, n: int) -> Agents:
        settings, inputs, n_actions = self._settings, self._places.state_dim, self._places.n_actions

        def stack(outputs: int, lr: float) -> Stack:
            return Stack(n, inputs, settings.hidden_dim, outputs, lr, self._to)

        if settings.shared:
            return OneTrunk(stack(n_actions + 1, settings.actor_lr), n_actions)
        return Separate(stack(n_actions, settings.actor_lr), stack(1, settings.critic_lr))

    @torch.no_grad()
    def train(self) -> Iterator[int]:
        """Train all runs; yields now and then how many episodes are finished."""
        places = np.arange(len(self._run))
        finished = 0
        observations = self._places.reset(int(self._random.integers(2**31)))
        while not self._free.all():
            ready = self._ready()
            if ready.size:
                self._update(ready)
                finished += len(ready)
                yield finished
            idle = self._resting | self._free
            actions = self._act(observations)
            self._states[places, self._length] = observations
            self._actions[places, self._length] = actions
            observations, rewards, over = self._places.step(actions, idle)
            self._paid[places, self._length] = rewards
            self._length += ~idle
            self._resting |= over
            self._resting[ready] = False

    def _ready(self) -> np.ndarray:
        """The places to update now: none, or all that rest."""
        at_work = np.count_nonzero(~self._free)
        enough = np.count_nonzero(self._resting) >= max(1, TOGETHER * at_work)
        return np.flatnonzero(self._resting) if enough else np.empty(0, np.int64)

    def _act(self, observations: np.ndarray) -> np.ndarray:
        """An action for each row of (n, state_dim) observations, drawn from its policy."""
        logits = self._logits(observations)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        # (n, n_actions): the probability of this action or a later one.
        upwards = weights[:, ::-1].cumsum(axis=1)[:, ::-1]
        drawn = self._random.random(len(weights)) * upwards[:, 0]
        actions: np.ndarray = (drawn[:, None] < upwards[:, 1:]).sum(axis=1)
        return actions

    def _logits(self, observations: np.ndarray) -> np.ndarray:
        if self._to.device.type == "cpu":
            # For a single step of each run numpy takes a third of torch's time.
            w1, b1, w2, b2 = (one.numpy() for one in self._acting)
            units = np.matmul(observations[:, None], w1)
            units += b1
            np.maximum(units, 0, out=units)
            logits: np.ndarray = np.vecdot(units, w2) + b2[:, 0]
            return logits
        weight, bias, out, out_bias = self._acting
        states = self._tensor(observations).to(self._to)[:, None]
        hidden = torch.baddbmm(bias, states, weight).relu_()
        return torch.linalg.vecdot(hidden, out).add_(out_bias[:, 0]).cpu().numpy()

    def _update(self, ready: np.ndarray) -> None:
        """Update the networks of these places from the episodes that they have finished."""
        ready = ready[np.argsort(-self._length[ready])]
        gradients, signals = zip(*map(self._gradients, self._alike(ready)), strict=True)
        rows = self._tensor(ready)
        self.agents.step(rows, joined(gradients), signals[0])
        self._show(rows)
        self._finish(ready)

    def _alike(self, ready: np.ndarray) -> Iterator[np.ndarray]:
        """Places, the longest episodes first, in the parts that are updated together."""
        steps = PART_STEPS[self._to.device.type]
        while ready.size:
            longest = self._length[ready[0]]
            alike = np.count_nonzero(self._length[ready] > ALIKE * longest)
            count = max(1, min(alike, steps // longest))
            yield ready[:count]
            ready = ready[count:]

    def _gradients(self, places: np.ndarray) -> tuple[Gradients, Signal]:
        """Of the agents' weights, from these places' episodes."""
        lengths = self._length[places]
        longest = int(lengths.max())
        rows = self._tensor(places)
        states = self._tensor(self._states[places, :longest]).to(self._to)
        actions = self._tensor(self._actions[places, :longest])[:, :, None]
        mask = self._tensor(np.arange(longest) < lengths[:, None]).to(self._to)
        if self._watch is not None:
            for place in places:
                self._watch(self._played(int(place)))
        seen = self.agents.forward(rows, states)
        log_probs = torch.log_softmax(seen.logits, 2)
        signal = self._learner(
            Episodes(
                rewards=self._tensor(self._paid[places, :longest]).to(self._to) * mask,
                mask=mask,
                lengths=self._tensor(lengths).to(self._to),
                log_probs=log_probs.gather(2, actions)[:, :, 0],
                values=seen.values,
            )
        )
        return seen.back(_by_logits(signal, log_probs, actions), signal.by_values), signal

    def _finish(self, ready: np.ndarray) -> None:
        """Note the episodes down; runs at their end make place."""
        lengths = self._length[ready]
        paid = [
            self._paid[place, :length].sum() for place, length in zip(ready, lengths, strict=True)
        ]
        self.rewards[self._run[ready], self._episodes[ready]] = paid
        self.steps += int(lengths.sum())
        self._episodes[ready] += 1
        self._spent[ready] += lengths
        self._length[ready] = 0
        at_end = self._episodes[ready] == self._settings.episodes
        if self._settings.budget is not None:
            at_end |= self._spent[ready] >= self._settings.budget
        if at_end.any():
            self._take_next(ready[at_end])

    def _take_next(self, places: np.ndarray) -> None:
        """Begin the next runs in these places, as many as there are."""
        left = len(self.rewards) - self._taken
        places, free = places[:left], places[left:]
        self._free[free] = True
        self._run[places] = self._taken + np.arange(len(places))
        self._taken += len(places)
        self._episodes[places] = 0
        self._spent[places] = 0
        rows = self._tensor(places)
        self.agents.begin(rows, self._initial)
        self._show(rows)

    def _show(self, rows: Tensor) -> None:
        """Let the actors of these rows act with the weights that they have now."""
        for acting, layer in zip(self._acting, self.agents.policy(rows), strict=True):
            acting.index_copy_(0, rows, layer)

    def _played(self, place: int) -> Played:
        length = self._length[place]
        return Played(
            int(self._run[place]),
            self._states[place, :length].copy(),
            self._actions[place, :length].copy(),
        )

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._to.device)


def _by_logits(signal: Signal, log_probs: Tensor, actions: Tensor) -> Tensor | None:
    """The gradient by the logits, (k, T, n_actions), of what a signal says of their log-softmax."""
    if signal.by_log_probs is None:
        return None
    probs = log_probs.exp()
    by_chosen = signal.by_log_probs[:, :, None]
    by_logits = (-probs * by_chosen).scatter_add_(2, actions, by_chosen)
    if signal.by_entropies is not None:
        # Of the entropy H = -sum p log p, the gradient by a logit is -p (log p + H).
        plogp = probs * log_probs
        by_entropies = signal.by_entropies[:, :, None]
        by_logits -= (plogp - probs * plogp.sum(2, keepdim=True)) * by_entropies
    return by_logits
