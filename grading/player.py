"""Players: they play cases with a solution, and bring back outcomes.

The checks know a solution by its player alone, so the same checks look at a module in this process
and at a worker in a sandbox.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import gymnasium as gym

from grading.cases import (
    CollectCase,
    FunctionCase,
    HuntCase,
    LearnersCase,
    ModelCase,
    StepCase,
    TrainingCase,
)
from grading.environments import Recorder
from grading.learning.ahead import core_to_spare
from grading.learning.group import Begin, Learn
from grading.outcome import (
    CollectOutcome,
    FunctionOutcome,
    HuntOutcome,
    ModelOutcome,
    StepOutcome,
    TrainingOutcome,
)
from grading.probes.collect import probe_collect
from grading.probes.function import probe_function
from grading.probes.hunt import probe_hunt
from grading.probes.live import preserved_globals
from grading.probes.model import probe_model
from grading.probes.step import probe_step
from grading.probes.training import Learners, train
from grading.solution import Callee


class Player(Protocol):
    """Plays cases with one solution on one device."""

    remembered: dict[Any, Any]
    """For whoever plays the same cases again."""

    def begin(self, seconds: float) -> None:
        """The time limit of what is played from now on."""

    def step(self, case: StepCase, exercise: str, name: str) -> StepOutcome:
        """Play a case of a function that updates networks."""

    def collect(self, case: CollectCase, exercise: str, name: str) -> CollectOutcome:
        """Play a case of a function that collects episodes."""

    def model(self, case: ModelCase, exercise: str, name: str) -> ModelOutcome:
        """Look at a model with two heads."""

    def function(self, case: FunctionCase, exercise: str, name: str) -> FunctionOutcome:
        """Play a case of a function of plain data."""

    def hunt(self, case: HuntCase, exercise: str, name: str) -> HuntOutcome:
        """Ask a test of steps about each step of a case."""

    def training(self, case: TrainingCase) -> TrainingOutcome:
        """Run the lesson's loop with both functions."""

    @property
    def learners(self) -> Begin:
        """Networks that the solution's step trains; see `grading.learning.group`."""

    @property
    def halves(self) -> bool:
        """Whether half of them may be trained in a second process, on a core that is free."""


@dataclass
class LocalPlayer:
    """Plays in this process: full tracebacks, and a debugger can look inside."""

    solution: Callee
    device: str = "cpu"
    remembered: dict[Any, Any] = field(default_factory=dict)

    def begin(self, seconds: float) -> None:
        """Nothing to do: here, pytest keeps the time limits of checks."""

    def step(self, case: StepCase, exercise: str, name: str) -> StepOutcome:
        """Play a case of a function that updates networks."""
        return probe_step(self.solution, case, self.device, exercise, name)

    def collect(self, case: CollectCase, exercise: str, name: str) -> CollectOutcome:
        """Play a case of a function that collects episodes."""
        return probe_collect(self.solution, case, self.device, exercise, name)

    def model(self, case: ModelCase, exercise: str, name: str) -> ModelOutcome:
        """Look at a model with two heads."""
        return probe_model(self.solution, case, self.device, exercise, name)

    def function(self, case: FunctionCase, exercise: str, name: str) -> FunctionOutcome:
        """Play a case of a function of plain data."""
        return probe_function(self.solution, case, self.device, exercise, name)

    def hunt(self, case: HuntCase, exercise: str, name: str) -> HuntOutcome:
        """Ask a test of steps about each step of a case."""
        return probe_hunt(self.solution, case, self.device, exercise, name)

    def training(self, case: TrainingCase) -> TrainingOutcome:
        """Run the lesson's loop with both functions."""
        with recorded(case) as env:
            trained = train(self.solution, case, lambda _: env, self.device)
            return TrainingOutcome(trained, env.trajectory())

    @contextmanager
    def learners(self, case: LearnersCase) -> Iterator[Learn]:
        """Networks that the solution's step trains."""
        with preserved_globals(case.seed):
            yield Learners(self.solution, case, self.device).learn

    @property
    def halves(self) -> bool:
        """A GPU cannot be used in a process that is forked."""
        return self.device == "cpu" and core_to_spare()


@contextmanager
def recorded(case: TrainingCase) -> Iterator[Recorder]:
    """The environment of a training, with a record of what it saw."""
    with gym.make(case.env_name) as env:
        yield Recorder(env)
