"""The probe of functions of plain data: numbers, lists and arrays in, and out again."""

from copy import deepcopy

import numpy as np
from torch import Tensor

from grading.cases import FunctionCase
from grading.outcome import FunctionOutcome, Raised
from grading.probes.live import call, describe_number, describe_returned, preserved_globals
from grading.solution import Callee


def probe_function(
    solution: Callee,
    case: FunctionCase,
    device: str,  # noqa: ARG001 - plain data lives on none
    exercise: str,
    name: str,
) -> FunctionOutcome:
    """Call the solution's function once with the case's arguments."""
    given = deepcopy(case.arguments)
    with preserved_globals(case.seed):
        returned = call(solution, exercise, name, *given)
    if isinstance(returned, Raised):
        return FunctionOutcome("nothing", raised=returned)
    items = returned if isinstance(returned, (tuple, list)) else [returned]
    return FunctionOutcome(
        describe_returned(returned).description,
        types=tuple(describe_number(item) for item in items),
        numbers=_numbers(returned),
        changed=tuple(
            f"argument {position}"
            for position, (before, now) in enumerate(zip(case.arguments, given, strict=True), 1)
            if not _same(before, now)
        ),
    )


def _numbers(returned: object) -> np.ndarray | None:
    """What was returned as one flat array; None if it holds anything but numbers."""
    if isinstance(returned, Tensor):
        returned = returned.detach().cpu().numpy()
    try:
        return np.asarray(returned, np.float64).ravel()
    except (TypeError, ValueError):
        return None


def _same(before: object, now: object) -> bool:
    if isinstance(before, np.ndarray):
        return isinstance(now, np.ndarray) and np.array_equal(before, now, equal_nan=True)
    return bool(before == now)
