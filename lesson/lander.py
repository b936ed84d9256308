"""LunarLander: a plan for training, and what comes of it.

A run has so many steps in the environment and no more, whatever the plan. `fly` trains some runs of
one plan side by side; whether a run lands is a number: its mean return over its last episodes.
"""

import importlib
import warnings
from collections.abc import Callable
from math import isfinite
from typing import NamedTuple

import numpy as np

from lesson.methods import with_extras
from lesson.networks import Actor
from lesson.stacked import Played, Settings, Trainer

ENVIRONMENT = "LunarLander-v3"
BUDGET = 130_000
"""Steps in the environment that a run may take."""
LAST = 40
"""Episodes at the end of a run that its mean return is taken of."""
LANDS = -20.0
"""The mean return from which on a run is said to land: a crash is worth about -100 to -200, coming
to rest on the pad more than 200."""
MISSING = (
    "LunarLander needs Box2D, which is not installed: "
    'python -m pip install "gymnasium[box2d]", or pip install ".[lander]"'
)


class Plan(NamedTuple):
    """How a lander is trained: with Adam, one update after each episode."""

    actor_lr: float
    """Learning rate of the actor; with a shared trunk, of the one network."""
    critic_lr: float
    """Learning rate of the critic; with a shared trunk, of no importance."""
    hidden_dim: int
    """Width of the hidden layer."""
    episodes: int
    """After which training ends, if the budget is not spent before."""
    shared: bool = False
    """One network with two heads, or two networks."""
    value_coefficient: float = 0.5
    """How much the critic loss counts beside the actor loss, if the trunk is shared."""
    beta: float = 0.0
    """What a nat of entropy is worth, in units of return."""


class Flight(NamedTuple):
    """What the runs of a plan did."""

    returns: tuple[np.ndarray, ...]
    """Of each run: the undiscounted return of each of its episodes."""
    steps: int
    """In all."""

    @property
    def ends(self) -> list[float]:
        """Of each run: the mean return of its last episodes; NaN if it finished none."""
        return [float(r[-LAST:].mean()) if len(r) else float("nan") for r in self.returns]

    @property
    def landed(self) -> int:
        """Runs that land."""
        return sum(end >= LANDS for end in self.ends)


def problems(plan: Plan) -> dict[str, str]:
    """What is wrong with the fields of a plan, in words; none if it can be trained."""
    found = {
        name: _of_a_number(name, getattr(plan, name))
        for name in ("actor_lr", "critic_lr", "value_coefficient", "beta")
    }
    for name, most in (("hidden_dim", 512), ("episodes", 5000)):
        value = getattr(plan, name)
        if isinstance(value, bool) or not isinstance(value, int):
            found[name] = "is no whole number"
        elif not 1 <= value <= most:
            found[name] = f"is not between 1 and {most}"
    if not isinstance(plan.shared, bool):
        found["shared"] = "is neither True nor False"
    return {name: words for name, words in found.items() if words}


def _of_a_number(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        return "is no finite number"
    if value < 0:
        return "is negative"
    return "is above 1" if name.endswith("_lr") and value > 1 else ""


def can_fly() -> bool:
    """Whether Box2D is installed."""
    with warnings.catch_warnings():
        # SWIG's types warn of themselves when they are first imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            importlib.import_module("Box2D")
        except ImportError:
            return False
    return True


def fly(
    plan: Plan, runs: int, seed: int, progress: Callable[[int], None] | None = None
) -> tuple[Flight, Trainer]:
    """Train some runs of a plan; `progress` hears how many steps they have taken, all together.

    `pilot` reads the policy of run i from the trainer. Raises ValueError for a plan that is none,
    and ModuleNotFoundError without Box2D.
    """
    if not can_fly():
        raise ModuleNotFoundError(MISSING)
    for name, words in problems(plan).items():
        raise ValueError(f"{name} {words}")
    played: list[list[int]] = [[] for _ in range(runs)]

    def watch(episode: Played) -> None:
        played[episode.run].append(len(episode.actions))

    trainer = Trainer(
        with_extras(plan.beta, plan.value_coefficient if plan.shared else 1.0),
        runs,
        seed,
        Settings(
            plan.episodes, plan.actor_lr, plan.critic_lr, plan.hidden_dim, ENVIRONMENT, plan.shared,
            BUDGET,
        ),
        places=runs,
        watch=watch,
    )  # fmt: skip
    for _ in trainer.train():
        if progress is not None:
            progress(trainer.steps)
    returns = tuple(
        row[: len(lengths)] for row, lengths in zip(trainer.rewards, played, strict=True)
    )
    return Flight(returns, trainer.steps), trainer


def pilot(trainer: Trainer, run: int) -> Actor:
    """The policy that a run of `fly` has in the end."""
    weights = trainer.agents.actor(run)
    n_actions, hidden_dim = weights["output.weight"].shape
    actor = Actor(weights["hidden.weight"].shape[1], n_actions, hidden_dim)
    actor.load_state_dict(weights)
    return actor
