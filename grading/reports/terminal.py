"""The grade on a terminal of 80 columns: a table, and the one thing to do next."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from grading.grade import CheckResult, Grade, to_mend

Style = Literal["plain", "good", "bad", "dim", "strong"]
_ANSI: dict[Style, str] = {"plain": "", "good": "32", "bad": "31", "dim": "2", "strong": "1"}


@dataclass(frozen=True)
class Line:
    """One line of a report; the style is decoration, never information."""

    text: str
    style: Style = "plain"

    def ansi(self) -> str:
        """The line with colour."""
        code = _ANSI[self.style]
        return f"\x1b[{code}m{self.text}\x1b[0m" if code and self.text else self.text


def table(grade: Grade) -> Iterator[Line]:
    """Exercises, points, how far each is; then what to do next."""
    yield Line(f"  {'exercise':<40}{'points':>9}", "dim")
    for name, checks in grade.by_exercise().items():
        score = sum(c.points for c in checks)
        most = sum(c.max_points for c in checks)
        state, style = _state(checks)
        yield Line(f"  {name:<40}{f'{score}/{most}':>9}   {state}", style)
    yield Line(f"  {'total':<40}{f'{grade.score}/{grade.max_score}':>9}", "strong")
    if grade.provenance and grade.advisory:
        yield Line("")
        yield Line(
            "  Advisory: the code ran without isolation, so it could have forged this.", "dim"
        )
    yield from _advice(grade)
    yield from _next(grade)


def failures(grade: Grade) -> Iterator[Line]:
    """The message of every check that did not pass for a reason of its own.

    A bar stands before each line: what a submission says in there cannot pass for the report's own.
    """
    attempted = [c for c in to_mend(grade.checks) if c.status != "not_attempted"]
    for check in attempted:
        yield Line(f"{check.id}  ({check.status}, {check.points}/{check.max_points})", "bad")
        for line in check.message.splitlines():
            yield Line(f"| {line}".rstrip())
        yield Line("")


def curves(grade: Grade) -> Iterator[Line]:
    """What checks that passed have to show: the learning curve."""
    for check in grade.checks:
        if check.status == "passed" and check.message:
            yield Line(check.id)
            for line in check.message.splitlines():
                yield from (Line(f"  {part}") for part in textwrap.wrap(line, 76) or [""])
            yield Line("")


def _state(checks: tuple[CheckResult, ...]) -> tuple[str, Style]:
    if all(c.status == "passed" for c in checks):
        return "done", "good"
    if all(c.status == "not_attempted" for c in checks):
        return "not attempted", "plain"
    own = to_mend(checks)
    if not own:
        first = next(c for c in checks if c.status != "passed")
        return f"needs {first.waits_for}", "plain"
    return f"{len(own)} to mend", "bad"


def _advice(grade: Grade) -> Iterator[Line]:
    remarks = dict.fromkeys(remark for check in grade.checks for remark in check.advice)
    for remark in remarks:
        yield Line("")
        yield from _labelled("advice", remark)


def _next(grade: Grade) -> Iterator[Line]:
    own = to_mend(grade.checks)
    if not own:
        return
    # A mistake in something begun comes before something new.
    check = next((c for c in own if c.status != "not_attempted"), own[0])
    place = check.file + (f":{check.line}" if check.line else "")
    yield Line("")
    yield from _labelled("next", f"open {place or 'exercises/README.md'}", "strong")
    yield from _labelled(
        "", "fill in the blank" if check.status == "not_attempted" else check.title
    )


def _labelled(label: str, text: str, style: Style = "plain") -> Iterator[Line]:
    lines = textwrap.wrap(
        text, 78, initial_indent=f"  {label:<8}", subsequent_indent=" " * 10, break_long_words=False
    )
    yield from (Line(line, style) for line in lines)
