"""The stacked trainer: many independent runs in one process.

Every run has its own networks, optimizers, environment and episodes, as in the lesson's loop; only
the arithmetic is shared. A run that has finished an episode rests until a quarter of all rest, and
these are updated together. Resting changes nothing for a run, so its rewards are distributed like
those of a run by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lesson.stacked.agents import Agents
from lesson.stacked.places import places as environments
from lesson.stacked.signals import Episodes, Learner, Signal

TOGETHER = 1 / 4
"""Of the runs that are not at their end: so many are updated at a time."""
PIECE = 32
"""Their episodes are cut into pieces of so many steps, the last ones filled up, ..."""
PART_STEPS = {"cpu": 2_000, "cuda": 1_000_000}
"""... and taken in parts of about so many steps: what fits a CPU's caches, and what keeps a GPU
busy without filling its memory."""


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

        With as many places as runs, run i is row i of `agents`.
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
        self.agents = Agents(
            n,
            envs.state_dim,
            envs.n_actions,
            settings.hidden_dim,
            (settings.actor_lr, settings.critic_lr),
            self._to,
            shared=settings.shared,
        )
        # Rows of the policies' weights are apart in memory, which is slow for a single step.
        rows = self._tensor(np.arange(n))
        self._acting = [torch.zeros_like(one) for one in self.agents.policy(rows)]
        on_cpu = self._to.device.type == "cpu"
        self._acting_in_numpy = [one.numpy() for one in self._acting] if on_cpu else None
        steps = (envs.max_steps // PIECE + 1) * PIECE
        self._states = np.ones((n, steps, envs.state_dim + 1), np.float32)
        self._actions = np.zeros((n, steps), np.int64)
        self._paid = np.zeros((n, steps), np.float32)
        self._length = np.zeros(n, np.int64)
        self._run = np.zeros(n, np.int64)
        self._episodes = np.zeros(n, np.int64)
        self._spent = np.zeros(n, np.int64)
        self._resting = np.zeros(n, bool)
        self._free = np.zeros(n, bool)
        self._at_work = n
        self._taken = 0
        self._take_next(np.arange(n))

    @torch.no_grad()
    def train(self) -> Iterator[int]:
        """Train all runs; yields now and then how many episodes are finished."""
        places = np.arange(len(self._run))
        finished = 0
        observations = self._places.reset(int(self._random.integers(2**31)))
        while self._at_work:
            # Who is updated now is idle once more, while its environment begins anew.
            idle = self._resting | self._free
            if np.count_nonzero(self._resting) >= max(1, TOGETHER * self._at_work):
                ready = np.flatnonzero(self._resting)
                self._update(ready)
                self._resting[ready] = False
                finished += len(ready)
                yield finished
            self._states[places, self._length, :-1] = observations
            actions = self._act(self._states[places, self._length])
            self._actions[places, self._length] = actions
            observations, rewards, over = self._places.step(actions, idle)
            self._paid[places, self._length] = rewards
            self._length += ~idle
            self._resting |= over

    def _act(self, states: np.ndarray) -> np.ndarray:
        """An action for each row of (n, state_dim + 1) states, drawn from its policy."""
        logits = self._logits(states)
        # Of exponential waiting times with the rates exp(logits), an action's is the shortest with
        # the probability that its policy gives it.
        waiting = np.log(self._random.standard_exponential(logits.shape))
        actions: np.ndarray = (logits - waiting).argmax(axis=1)
        return actions

    def _logits(self, states: np.ndarray) -> np.ndarray:
        if self._acting_in_numpy is not None:
            # For a single step of each run numpy takes a third of torch's time.
            w1, w2, b2 = self._acting_in_numpy
            units = np.vecmat(states, w1)
            torch.from_numpy(units).relu_()
            logits: np.ndarray = np.vecdot(units[:, None], w2) + b2[:, 0]
            return logits
        weight, out, out_bias = self._acting
        hidden = torch.bmm(self._tensor(states).to(self._to)[:, None], weight).relu_()
        return torch.linalg.vecdot(hidden, out).add_(out_bias[:, 0]).cpu().numpy()

    def _update(self, ready: np.ndarray) -> None:
        """Update the networks of these places from the episodes that they have finished."""
        if self._watch is not None:
            for place in ready:
                self._watch(self._played(int(place)))
        steps = self._length[ready].cumsum()
        part = steps // PART_STEPS[self._to.device.type]
        parts = np.split(ready, np.flatnonzero(np.diff(part)) + 1)
        gradients, signals = zip(*map(self._gradients, parts), strict=True)
        rows = self._tensor(ready)
        self.agents.step(rows, torch.cat(gradients), signals[0])
        self._show(rows)
        self._finish(ready)

    def _gradients(self, places: np.ndarray) -> tuple[Tensor, Signal]:
        """Of the agents' weights, (k, size), from these places' episodes."""
        lengths = self._length[places]
        counts = -(-lengths // PIECE)
        most, k = int(counts.max()), len(places)
        mask = np.arange(most * PIECE) < lengths[:, None]
        # Piece j of episode i, for all there are.
        i, j = np.nonzero(np.arange(most) < counts[:, None])
        episode, piece = self._tensor(i), self._tensor(j)

        def pieces(log: np.ndarray) -> Tensor:
            """Of what all places have logged."""
            return self._tensor(log.reshape(len(log), -1, PIECE, *log.shape[2:])[places[i], j])

        def whole(one: Tensor) -> Tensor:
            """(pieces, PIECE) as (k, T)."""
            full = one.new_zeros(k, most, PIECE)
            full[episode, piece] = one
            return full.flatten(1)

        def cut(one: Tensor) -> Tensor:
            """(k, T) as (pieces, PIECE)."""
            return one.unflatten(1, (most, PIECE))[episode, piece]

        seen = self.agents.forward(self._tensor(places[i]), pieces(self._states).to(self._to))
        actions = pieces(self._actions)[:, :, None]
        log_probs = torch.log_softmax(seen.logits, 2)
        signal = self._learner(
            Episodes(
                rewards=self._tensor(self._paid[places, : most * PIECE] * mask).to(self._to),
                mask=self._tensor(mask).to(self._to),
                lengths=self._tensor(lengths).to(self._to),
                log_probs=whole(log_probs.gather(2, actions)[:, :, 0]),
                values=whole(seen.values),
            )
        ).each(cut)
        by_pieces = seen.back(_by_logits(signal, log_probs, actions), signal.by_values)
        gradient = by_pieces.new_zeros(k, by_pieces.shape[1])
        return gradient.index_add_(0, episode, by_pieces), signal

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
        self._at_work -= len(free)
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
            self._states[place, :length, :-1].copy(),
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
