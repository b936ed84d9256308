"""The grade: one value from which every report is made.

Nothing here runs a check. The fields are those of `grade.json`, schema `actor-critic-grade/1`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from grading.checks import Status

SCHEMA = "actor-critic-grade/1"


@dataclass(frozen=True)
class CheckResult:
    """What became of one check."""

    id: str
    exercise: str
    title: str
    points: int
    max_points: int
    bonus: bool
    status: Status
    message: str
    """What the student reads; empty only if the check passed and has nothing to report."""
    diagnosis: tuple[str, ...] = ()
    """Ids of the mistakes that it was found to be."""
    advice: tuple[str, ...] = ()
    """Remarks that cost no points."""
    seconds: float = 0.0
    file: str = ""
    """Where to look: `exercises/collect_episode.py`, and the line if one is known."""
    line: int | None = None
    waits_for: str = ""
    """Id of the check to mend first, if this one did not pass for that check's reason."""


@dataclass(frozen=True)
class Grade:
    """The results of one submission, in the order of the checks."""

    submission: str
    checks: tuple[CheckResult, ...]
    provenance: dict[str, Any] = field(default_factory=dict)

    def _sum(self, bonus: bool) -> tuple[int, int]:
        counted = [c for c in self.checks if c.bonus == bonus]
        return sum(c.points for c in counted), sum(c.max_points for c in counted)

    @property
    def score(self) -> int:
        """Points without bonus."""
        return self._sum(bonus=False)[0]

    @property
    def max_score(self) -> int:
        """Points to be had without bonus: 100 unless checks were left out."""
        return self._sum(bonus=False)[1]

    @property
    def advisory(self) -> bool:
        """Whether student code ran without isolation, so that the grade could be forged."""
        return self.provenance.get("isolation") != "require"

    def by_exercise(self) -> dict[str, tuple[CheckResult, ...]]:
        """The results of each exercise, both in their order."""
        names = dict.fromkeys(c.exercise for c in self.checks)
        return {name: tuple(c for c in self.checks if c.exercise == name) for name in names}

    def to_json(self) -> dict[str, Any]:
        """The content of `grade.json`."""
        bonus_score, bonus_max_score = self._sum(bonus=True)
        return {
            "schema": SCHEMA,
            "submission": self.submission,
            "score": self.score,
            "max_score": self.max_score,
            "bonus_score": bonus_score,
            "bonus_max_score": bonus_max_score,
            "checks": [asdict(check) for check in self.checks],
            "provenance": self.provenance,
        }


def result_from_json(data: dict[str, Any]) -> CheckResult:
    """A result as `to_json` wrote it."""
    return CheckResult(
        **{**data, "diagnosis": tuple(data["diagnosis"]), "advice": tuple(data["advice"])}
    )


def to_mend(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """The checks to work on: those that did not pass for a reason of their own, in order."""
    return [c for c in checks if c.status != "passed" and not c.waits_for]
