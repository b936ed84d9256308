"""The grade: one value from which every report is made.

Nothing here runs a check. The fields are those of `grade.json`, schema `actor-critic-grade/1`.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from grading.checks import Check, Status

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
    alarm: str = ""
    """Why a human should look at it, if one should: what honest code seldom does."""


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
    def bonus_score(self) -> int:
        """Points beside the 100."""
        return self._sum(bonus=True)[0]

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
        return {
            "schema": SCHEMA,
            "submission": self.submission,
            "score": self.score,
            "max_score": self.max_score,
            "bonus_score": self.bonus_score,
            "bonus_max_score": self._sum(bonus=True)[1],
            "checks": [asdict(check) for check in self.checks],
            "provenance": self.provenance,
        }

    def text(self) -> str:
        """The text of `grade.json`."""
        return json.dumps(self.to_json(), indent=2) + "\n"

    @property
    def mistakes(self) -> list[str]:
        """The ids of the mistakes that it was found to make, each once."""
        return list(dict.fromkeys(id_ for check in self.checks for id_ in check.diagnosis))


def result_from_json(data: dict[str, Any]) -> CheckResult:
    """A result as `to_json` wrote it."""
    return CheckResult(
        **{**data, "diagnosis": tuple(data["diagnosis"]), "advice": tuple(data["advice"])}
    )


def grade_from_json(data: Any) -> Grade:
    """A grade as `to_json` wrote it. Raises ValueError if it is none."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(f"this is no grade: its schema is not {SCHEMA}")
    try:
        checks = tuple(result_from_json(check) for check in data["checks"])
        return Grade(data["submission"], checks, data["provenance"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"this grade is not whole: {error!r}") from error


def settle(results: Iterable[CheckResult], checks: Iterable[Check]) -> tuple[CheckResult, ...]:
    """The results as they count, once all are there.

    A check that passed gets no points if it counts beside others only, and none of those passed:
    code that does nothing also does no harm.
    """
    by_id = {result.id: result for result in results}
    beside = {check.id: check.beside for check in checks}
    return tuple(_settled(result, beside.get(id_, ()), by_id) for id_, result in by_id.items())


def _settled(
    result: CheckResult, beside: tuple[tuple[str, ...], ...], by_id: dict[str, CheckResult]
) -> CheckResult:
    groups = [[by_id[id_] for id_ in group if id_ in by_id] for group in beside]
    missing = [group for group in groups if group and all(c.status != "passed" for c in group)]
    if result.status != "passed" or not missing:
        return result
    others = missing[0]
    waits_for = others[0].waits_for or others[0].id
    return replace(
        result,
        points=0,
        status="failed",
        waits_for=waits_for,
        message=f"passes, and counts as soon as something else is right, first {waits_for}",
    )


def to_mend(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """The checks to work on: those that did not pass for a reason of their own, in order."""
    return [c for c in checks if c.status != "passed" and not c.waits_for]
