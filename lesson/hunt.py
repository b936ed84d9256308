"""Trying a test of updates out: on the faulty ones of the lesson, and on one's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesson.errors import LessonError
from lesson.faulty_steps import EXAMPLES, Step
from lesson.machine import seed_everything

OWN = "your actor_critic_step"


@dataclass(frozen=True)
class Answer:
    """What a test says of a step."""

    step: str
    faulty: bool
    said: object
    """What it returned, or what it raised."""

    @property
    def is_right(self) -> bool:
        """Whether that is so."""
        return isinstance(self.said, bool) and self.said is not self.faulty

    def __str__(self) -> str:
        words = {True: "right", False: "faulty"}
        if isinstance(self.said, bool):
            said = words[self.said]
        elif isinstance(self.said, Exception):
            said = f"raises {type(self.said).__name__}"
        else:
            said = f"neither: {self.said!r:.30}"
        mark = "" if self.is_right else "   <- wrong"
        return f"{self.step:<24}{words[not self.faulty]:<9}{said}{mark}"


def answers(test: Callable[[Step], Any], own: Step, seed: int = 0) -> Iterator[Answer]:
    """What `is_correct` says of the lesson's faulty steps, and of one's own, if it is written."""
    for name, step in EXAMPLES.items():
        yield Answer(name, True, _said(test, step, seed))
    unwritten = []

    def watched(*arguments: Any) -> Any:
        try:
            return own(*arguments)
        except LessonError as error:  # a test may take it for a fault
            unwritten.append(error)
            raise

    said = _said(test, watched, seed)
    if not unwritten:
        yield Answer(OWN, False, said)


def _said(test: Callable[[Step], Any], step: Step, seed: int) -> object:
    seed_everything(seed)
    try:
        said = test(step)
        # What comparisons of arrays and of tensors give is as good as a bool.
        one = isinstance(said, Tensor) and said.dtype == torch.bool and said.ndim == 0
        return bool(said) if one or isinstance(said, np.bool_) else said
    except LessonError:
        raise
    except Exception as error:  # noqa: BLE001 - it is shown, and the next step has its turn
        return error
