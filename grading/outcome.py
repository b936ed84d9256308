"""Outcomes: what a probe brings back. Plain data only: numbers, strings, arrays.

Networks, tensors, environments and functions stay on the other side of this line, so that the
same check can look at a module in this process, a worker elsewhere, or a recording.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

RaisedKind = Literal[
    "not_attempted",
    "absent",
    "missing",
    "syntax",
    "signature",
    "exception",
    "exit",
    "timeout",
    "over",
    "lost",
]


@dataclass(frozen=True)
class Raised:
    """Why a call brought nothing back, or never began.

    kind: `not_attempted` the blank is still there; `absent` there is no such file; `missing` there
    is, but no such module or function;
    `syntax` the file does not parse; `signature` it does not take the arguments; `exception` and
    `exit` it raised or called sys.exit; `timeout` it never came back; `over` it stepped an
    environment whose episode had ended; `lost` it ended its process, or took it over.
    """

    kind: RaisedKind
    cause: str
    """One line of plain English."""
    file: str = ""
    """The file to open, as a student calls it: `exercises/collect_episode.py`."""
    line: int | None = None
    traceback: tuple[str, ...] = ()
    """Lines: the student's own frames, innermost last; the grader's are left out."""
    exception: BaseException | None = field(default=None, repr=False, compare=False)
    """For a debugger in this process only; never crosses a wire."""


@dataclass(frozen=True)
class Returned:
    """The shape of what a function returned, before anyone looks at the values."""

    description: str
    """In words: `None`, `a tuple of 2: float, Tensor of shape ()`."""
    length: int | None
    """Number of items if it was a tuple or a list."""


NOTHING = Returned("nothing", None)


Digests = tuple[bytes, ...]
"""Of the global random states: torch, numpy, python."""


def reseeded(before: Digests, after: Digests, after_next: Digests) -> tuple[str, ...]:
    """The generators that two calls in a row, alike in all else, leave in one and the same state.

    A generator that was only drawn from goes on; one that was never touched stays as it was.
    """
    names = ("torch", "numpy", "python")
    return tuple(
        name
        for name, start, one, two in zip(names, before, after, after_next, strict=True)
        if start != one == two
    )


@dataclass(frozen=True)
class StepCall:
    """One call of an `actor_critic_step`."""

    returned: Returned
    types: tuple[str, ...]
    """The type of each returned item, in words."""
    losses: tuple[float | None, ...]
    """Each returned item as a number, None where it is none."""
    actor_delta: tuple[np.ndarray, ...]
    """What the call added to each of the actor's parameters."""
    critic_delta: tuple[np.ndarray, ...]
    actor_steps: int
    """How often the caller's actor optimizer stepped during the call."""
    critic_steps: int
    critic_backward_passes: int
    """How often a backward pass reached the critic; 1 unless the actor's loss gets there too."""
    critic_forward_passes: int
    """How often the critic was evaluated."""
    changed: tuple[str, ...]
    """What the call altered although it belongs to the caller, in words."""
    random_before: Digests
    random_after: Digests

    def delta(self, which: str) -> tuple[np.ndarray, ...]:
        """What the call added to the parameters of the `actor` or of the `critic`."""
        return self.actor_delta if which == "actor" else self.critic_delta


@dataclass(frozen=True)
class StepOutcome:
    """The calls of a case in order; `raised` ends them early."""

    calls: tuple[StepCall, ...]
    raised: Raised | None = None
    unfinished: StepCall | None = None
    """What the call that raised had done by then."""


@dataclass(frozen=True)
class ModelOutcome:
    """A model with two heads as it is seen from outside, with the weights of a case in it."""

    shapes: tuple[tuple[int, ...], ...] = ()
    """Of its parameters, sorted."""
    returned: str = ""
    """For several states, in words."""
    returned_for_one: str = ""
    """For one state."""
    probs: np.ndarray | None = None
    """The first of what was returned for several states; None if it is no tensor."""
    values: np.ndarray | None = None
    moved_by_policy: tuple[int, ...] = ()
    """Which parameters the policy has a gradient in: 0 and 1 trunk, 2 and 3 its own head, 4, 5."""
    moved_by_value: tuple[int, ...] = ()
    raised: Raised | None = None


@dataclass(frozen=True)
class FunctionOutcome:
    """One call of a function of plain data."""

    returned: str
    """In words."""
    types: tuple[str, ...] = ()
    """The type of what was returned, or of each item of it."""
    numbers: np.ndarray | None = None
    """All that was returned, flat; None if it was not numbers."""
    changed: tuple[str, ...] = ()
    """The arguments that are no longer what they were."""
    raised: Raised | None = None


@dataclass(frozen=True)
class Verdict:
    """What a test of steps said of one step."""

    said: str
    """`correct` for True, `wrong` for False, else what was returned, in words; empty if raised."""
    raised: Raised | None = None
    """What it raised about that step."""


@dataclass(frozen=True)
class HuntOutcome:
    """What a test of steps said of the steps of a case."""

    verdicts: tuple[Verdict, ...]
    """Of each step, in their order; empty if the hunt was cut off."""
    misuse: tuple[str, ...] = ()
    """What the steps were called with and cannot be, in words: distinct, a few."""
    raised: Raised | None = None
    """What cut the hunt off, or kept it from beginning."""


@dataclass(frozen=True)
class TrueStep:
    """One step of an environment as the environment itself saw it."""

    state: np.ndarray
    """The observation before the step, a copy."""
    action: int
    reward: float


@dataclass(frozen=True)
class Trajectory:
    """What really happened in the environment during a call."""

    reset_seeds: tuple[int | None, ...]
    """The seed of each reset, in order."""
    steps: tuple[TrueStep, ...]
    episodes: int
    """Those that were played to their end."""
    closed: bool

    @property
    def ended(self) -> bool:
        """Whether any was."""
        return self.episodes > 0


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The last of a case's calls of a `collect_episode_with_values`, as the caller sees it.

    The five lists are None where the function returned no such list. Numbers that cannot be read
    are NaN, so that no comparison with them succeeds.
    """

    returned: Returned
    lengths: tuple[int | None, ...] = ()
    """Length of each of the five lists; None for what is not a list."""
    states: tuple[np.ndarray, ...] | None = None
    actions: tuple[float, ...] | None = None
    rewards: tuple[float, ...] | None = None
    log_probs: tuple[float, ...] | None = None
    values: tuple[float, ...] | None = None
    log_prob_types: tuple[str, ...] = ()
    """The distinct types among the log-probs, in words."""
    value_types: tuple[str, ...] = ()
    log_prob_gradient: tuple[np.ndarray, ...] | None = None
    """Gradient of the sum of (t + 1) * log_prob_t in the actor's parameters; None without graph."""
    changed: tuple[str, ...] = ()
    """What the call altered although it belongs to the caller, in words."""
    random_states: tuple[Digests, ...] = ()
    """The global random states before the first call of the case and after each."""
    raised: Raised | None = None


@dataclass(frozen=True, kw_only=True)
class CollectOutcome(Collected):
    """What the caller got, and the truth beside it."""

    trajectory: Trajectory
    """Of the last call."""
    actions_of_plays: tuple[tuple[int, ...], ...] = ()
    """The actions that the environment was stepped with, in each call of the case."""
    true_log_probs: tuple[float, ...] = ()
    """log pi(a_t|s_t) of the actions that were really taken."""
    true_values: tuple[float, ...] = ()
    true_gradient: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Trained:
    """What the lesson's training loop made of a solution's two functions."""

    actor_losses: tuple[float | None, ...] = ()
    """As they were returned; None where that is no float."""
    critic_losses: tuple[float | None, ...] = ()
    moved: tuple[str, ...] = ()
    """The networks, `actor` and `critic`, whose weights changed."""
    raised: Raised | None = None


@dataclass(frozen=True)
class TrainingOutcome:
    """A few episodes of training, and what the environment saw of them."""

    trained: Trained
    trajectory: Trajectory


@dataclass(frozen=True)
class Update:
    """The weights of a pair of networks after an update; both have the trunk that they share."""

    actor: tuple[np.ndarray, ...]
    critic: tuple[np.ndarray, ...]
