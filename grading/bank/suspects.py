"""The bank's mistakes as suspects: each is played when it is asked about."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from grading.bank.pipeline import FaultySolution, Form, Mistake, Pipeline, pipelines
from grading.evidence import Facts
from grading.suspects import Imitation


class BankSuspects:
    """The mistakes of one exercise, played by its trials."""

    def __init__(self, pipeline: Pipeline, trials: Any) -> None:
        self._pipeline = pipeline
        self._trials = trials

    @property
    def mistakes(self) -> dict[str, Mistake]:
        """By their ids."""
        return self._pipeline.mistakes

    def forms(self) -> Iterator[Form]:
        """All forms of all mistakes."""
        return self._pipeline.forms()

    def imitation(self, forms: Any) -> Imitation:
        """The solution in which these mistakes are made."""
        made: Imitation = self._trials.imitation(partial(self._make, forms))
        return made

    def preview(self, forms: Any, case: Any) -> Facts | None:
        """Some facts of a case for a fraction of what a play costs."""
        return self._pipeline.preview(forms, case)

    def _make(self, forms: Any, **context: Any) -> FaultySolution:
        return FaultySolution(self._pipeline.build(forms, **context))


def suspects(trials: Any) -> BankSuspects | None:
    """Those of the exercise that is on trial; None if the bank knows nothing of it."""
    pipeline = pipelines().get(trials.exercise)
    return BankSuspects(pipeline, trials) if pipeline is not None else None
