"""The oracle: the reference, and the expected outcome of a step case that it computes.

The reference is loaded like any other solution, never imported, so that a repository without it
still has everything else.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from grading.cases import StepCase
from grading.outcome import Raised, StepOutcome
from grading.probes.step import probe_step
from grading.solution import Solution, find_solution


@cache
def _reference() -> Solution:
    return Solution(find_solution("reference"), package="reference")


def reference_function(exercise: str, name: str) -> Callable[..., Any]:
    """A function of the reference. Raises RuntimeError if it cannot be loaded."""
    function = _reference().function(exercise, name)
    if isinstance(function, Raised):
        raise RuntimeError(f"the reference cannot be loaded: {function.cause}")  # noqa: TRY004
    return function


@cache
def expected_step(case: StepCase, exercise: str, name: str) -> StepOutcome:
    """What the reference does in this case, on the CPU. Raises RuntimeError if it fails itself."""
    outcome = probe_step(_reference(), case, "cpu", exercise, name)
    if outcome.raised is not None:
        raise RuntimeError(f"the reference itself failed: {outcome.raised.cause}")
    return outcome
