"""What every report says of a grade, in the same words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grading.grade import CheckResult, Grade, to_mend


@dataclass(frozen=True)
class Standing:
    """How far some checks are."""

    kind: Literal["done", "mend", "waiting", "not attempted"]
    words: str


def standing(checks: Sequence[CheckResult]) -> Standing:
    """How far the checks of an exercise are."""
    if all(check.status == "passed" for check in checks):
        return Standing("done", "done")
    if all(check.status == "not_attempted" for check in checks):
        return Standing("not attempted", "not attempted")
    own = to_mend(checks)
    if not own:
        first = next(check for check in checks if check.status != "passed")
        return Standing("waiting", f"needs {first.waits_for}")
    return Standing("mend", f"{len(own)} to mend")


@dataclass(frozen=True)
class NextStep:
    """The one thing to do next."""

    place: str
    """A file, and the line if one is known."""
    what: str


def next_step(grade: Grade) -> NextStep | None:
    """What to do next; None if all is well."""
    own = to_mend(grade.checks)
    if not own:
        return None
    # A mistake in something begun comes before something new, and what has to be done before more.
    check = min(own, key=lambda c: (c.status == "not_attempted", c.bonus))
    place = check.file + (f":{check.line}" if check.line else "")
    what = "fill in the blank" if check.status == "not_attempted" else check.title
    if check.bonus and check.status == "not_attempted":
        what += ", if you like: this is a challenge"
    return NextStep(place or "exercises/README.md", what)


def points(checks: Sequence[CheckResult]) -> str:
    """`26/45`."""
    return f"{sum(c.points for c in checks)}/{sum(c.max_points for c in checks)}"


def explained(grade: Grade) -> list[CheckResult]:
    """The checks whose messages say what to mend."""
    return [check for check in to_mend(grade.checks) if check.status != "not_attempted"]


def advice(grade: Grade) -> list[str]:
    """The remarks that cost no points, each once."""
    return list(dict.fromkeys(remark for check in grade.checks for remark in check.advice))


ADVISORY = "Advisory: the code ran without isolation, so it could have forged this."
