"""The oracle: the expected outcome of a case, as the reference computes it or as it was recorded.

The reference is loaded like any other solution, never imported, so that a repository without it
still has everything else.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from grading.cases import FunctionCase, ModelCase, StepCase
from grading.outcome import FunctionOutcome, ModelOutcome, Raised, StepOutcome
from grading.probes.function import probe_function
from grading.probes.model import probe_model
from grading.probes.step import probe_step
from grading.recorded.outcomes import recorded
from grading.solution import Solution, find_solution, has_reference


@cache
def reference_solution() -> Solution:
    """The reference, loaded like any other solution."""
    return Solution(find_solution("reference"), package="reference")


def reference_function(exercise: str, name: str) -> Callable[..., Any]:
    """A function of the reference. Raises RuntimeError if it cannot be loaded."""
    function = reference_solution().function(exercise, name)
    if isinstance(function, Raised):
        raise RuntimeError(f"the reference cannot be loaded: {function.cause}")  # noqa: TRY004
    return function


class Reference:
    """The reference in the place of a solution: what it raises is not caught."""

    def function(self, exercise: str, name: str) -> Callable[..., Any]:
        """A function of the reference. Raises RuntimeError if it cannot be loaded."""
        return reference_function(exercise, name)

    def place(self, exercise: str) -> str:
        """The file of an exercise."""
        return reference_solution().place(exercise)

    def attempt(self, _exercise: str, play: Callable[[], Any]) -> Any:
        """What `play` returns."""
        return play()


@cache
def expected_step(case: StepCase, exercise: str, name: str) -> StepOutcome:
    """What the reference does in this case, on the CPU. Raises RuntimeError if it fails itself."""
    if not has_reference():
        return recorded(StepOutcome, case, exercise, name)
    outcome = probe_step(reference_solution(), case, "cpu", exercise, name)
    _require_none(outcome.raised)
    return outcome


@cache
def expected_model(case: ModelCase, exercise: str, name: str) -> ModelOutcome:
    """What the reference's model is like. Raises RuntimeError if it fails itself."""
    if not has_reference():
        return recorded(ModelOutcome, case, exercise, name)
    outcome = probe_model(reference_solution(), case, "cpu", exercise, name)
    _require_none(outcome.raised)
    return outcome


@cache
def expected_function(case: FunctionCase, exercise: str, name: str) -> FunctionOutcome:
    """What the reference's function of plain data gives. Raises RuntimeError if it fails itself."""
    if not has_reference():
        return recorded(FunctionOutcome, case, exercise, name)
    outcome = probe_function(reference_solution(), case, "cpu", exercise, name)
    _require_none(outcome.raised)
    return outcome


def _require_none(raised: Raised | None) -> None:
    if raised is not None:
        raise RuntimeError(f"the reference itself failed: {raised.cause}")
