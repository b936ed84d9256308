"""The oracle: the expected outcome of a step case, computed by the reference.

The reference is loaded like any other solution, never imported, so that a repository without it
still has everything else.
"""

from functools import cache

from grading.cases import StepCase
from grading.outcome import StepOutcome
from grading.probes.step import probe_step
from grading.solution import Solution, find_solution


@cache
def _reference() -> Solution:
    return Solution(find_solution("reference"), package="reference")


@cache
def expected_step(case: StepCase, exercise: str, name: str) -> StepOutcome:
    """What the reference does in this case, on the CPU. Raises RuntimeError if it fails itself."""
    outcome = probe_step(_reference(), case, "cpu", exercise, name)
    if outcome.raised is not None:
        raise RuntimeError(f"the reference itself failed: {outcome.raised.cause}")
    return outcome
