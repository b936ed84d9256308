"""The probe of tests of steps: `is_correct(step)` is asked about each of several lent steps."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from grading.cases import HuntCase, one_way
from grading.outcome import HuntOutcome, Raised, Verdict
from grading.probes.lent import lent
from grading.probes.live import call, describe, preserved_globals
from grading.probes.parts import StepReply, StepRequest
from grading.solution import Callee
from grading.text import one_line

MAX_TEXT = 300
"""Characters of a verdict, or of a misuse."""
MAX_MISUSE = 5

Ask = Callable[[int, StepRequest], StepReply]
"""Makes a call of the step of a number, wherever that is."""


def probe_hunt(
    solution: Callee,
    case: HuntCase,
    device: str,  # noqa: ARG001 - steps are lent on the CPU
    exercise: str,
    name: str,
) -> HuntOutcome:
    """Ask the solution's function about each step of the case; the steps run here."""
    # The side that has the steps: a worker has neither it nor them.
    from grading.lending import Lender

    ask = Lender.of(case).ask
    return hunt(solution, len(case.steps), one_way(case.seed), ask, exercise, name)


def hunt(
    solution: Callee, steps: int, seed: int, ask: Ask, exercise: str, name: str
) -> HuntOutcome:
    """Ask the solution's function about so many steps, of which nothing else is known.

    `seed` is that of the global random states before each. What the function raises about one step
    is its verdict on that one; only what keeps it from being called at all ends the hunt.
    """
    misuse: list[str] = []
    verdicts = []
    for number in range(steps):
        step = lent(partial(ask, number), misuse)
        with preserved_globals(seed):
            returned = call(solution, exercise, name, step)
        if isinstance(returned, Raised) and returned.kind not in ("exception", "exit", "over"):
            return HuntOutcome((), raised=returned)
        verdicts.append(_verdict(returned))
    texts = dict.fromkeys(one_line(text, MAX_TEXT) for text in misuse)
    return HuntOutcome(tuple(verdicts), tuple(texts)[:MAX_MISUSE])


def _verdict(returned: object) -> Verdict:
    if isinstance(returned, Raised):
        return Verdict("", returned)
    # What comparisons of arrays and of tensors give is as good as a bool.
    one = type(returned) is Tensor and returned.dtype == torch.bool and returned.ndim == 0
    if one or isinstance(returned, (bool, np.bool_)):
        return Verdict("correct" if returned else "wrong")
    return Verdict(one_line(describe(returned), MAX_TEXT))
