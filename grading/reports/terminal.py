"""The grade on a terminal of 80 columns: a table, and the one thing to do next."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from grading.grade import Grade
from grading.reports.summary import ADVISORY, advice, explained, next_step, points, standing

Style = Literal["plain", "good", "bad", "dim", "strong"]
_ANSI: dict[Style, str] = {"plain": "", "good": "32", "bad": "31", "dim": "2", "strong": "1"}
_STYLES: dict[str, Style] = {"done": "good", "mend": "bad"}


@dataclass(frozen=True)
class Line:
    """One line of a report; the style is decoration, never information."""

    text: str
    style: Style = "plain"

    def ansi(self) -> str:
        """The line with colour."""
        code = _ANSI[self.style]
        return f"\x1b[{code}m{self.text}\x1b[0m" if code and self.text else self.text


def whole(grade: Grade) -> Iterator[Line]:
    """Everything there is to say."""
    yield from (*curves(grade), *failures(grade), *table(grade))


def table(grade: Grade) -> Iterator[Line]:
    """Exercises, points, how far each is; then what to do next."""
    yield Line(f"  {'exercise':<40}{'points':>9}", "dim")
    for title, bonus in (("total", False), ("bonus", True)):
        counted = replace(grade, checks=tuple(c for c in grade.checks if c.bonus == bonus))
        for name, checks in counted.by_exercise().items():
            how_far = standing(checks)
            style = _STYLES.get(how_far.kind, "plain")
            yield Line(f"  {name:<40}{points(checks):>9}   {how_far.words}", style)
        if counted.checks:
            yield Line(f"  {title:<40}{points(counted.checks):>9}", "strong")
    if grade.provenance and grade.advisory:
        yield Line("")
        yield Line(f"  {ADVISORY}", "dim")
    for remark in advice(grade):
        yield Line("")
        yield from _labelled("advice", remark)
    step = next_step(grade)
    if step is not None:
        yield Line("")
        yield from _labelled("next", f"open {step.place}", "strong")
        yield from _labelled("", step.what)


def failures(grade: Grade) -> Iterator[Line]:
    """The message of every check that did not pass for a reason of its own.

    A bar stands before each line: what a submission says in there cannot pass for the report's own.
    """
    for check in explained(grade):
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


def _labelled(label: str, text: str, style: Style = "plain") -> Iterator[Line]:
    lines = textwrap.wrap(
        text, 78, initial_indent=f"  {label:<8}", subsequent_indent=" " * 10, break_long_words=False
    )
    yield from (Line(line, style) for line in lines)
