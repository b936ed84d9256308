"""Trying a test of updates out: on the faulty ones of the lesson, and on one's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesson.errors import LessonError
from lesson.faulty_steps import EXAMPLES, Step
from lesson.machine import seed_everything
from lesson.sending import require_sendable

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


@dataclass
class Trial:
    """What came of trying a test out."""

    answers: list[Answer]
    unsendable: list[str]
    """Why calls cannot be made where a test is graded; such a call raises here too."""


def try_out(test: Callable[[Step], Any], own: Step, seed: int = 0) -> Trial:
    """Ask `is_correct` about the lesson's faulty steps, and about one's own, if it is written."""
    tried = {step: _Watched(EXAMPLES.get(step, own)) for step in (*EXAMPLES, OWN)}
    answers = [Answer(name, name != OWN, _said(test, step, seed)) for name, step in tried.items()]
    if tried[OWN].is_unwritten:
        del answers[-1]
    texts = dict.fromkeys(text for step in tried.values() for text in step.unsendable)
    return Trial(answers, list(texts))


class _Watched:
    """A step that takes what can be sent to a step of the bug hunt; a test may swallow errors."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.unsendable: list[str] = []
        self.is_unwritten = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        try:
            require_sendable(*arguments, **named)
        except (TypeError, ValueError) as error:
            self.unsendable.append(str(error))
            raise
        try:
            return self._step(*arguments, **named)
        except LessonError:
            self.is_unwritten = True
            raise


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
