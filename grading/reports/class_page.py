"""The class on one page of HTML, which needs nothing else: no network, no other file."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import jinja2

from grading.grade import CheckResult, Grade
from grading.likeness import Alike
from grading.reports.gradebooks import Entry
from grading.reports.summary import points, standing

BINS = 10
"""Bars of the distribution: 0 to 9, 10 to 19, ... percent; all points count with the last."""

_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("grading.reports", ""),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Known:
    """What the bank says of a mistake."""

    title: str
    misconception: str


@dataclass(frozen=True)
class Bar:
    """One bar of the distribution."""

    label: str
    count: int
    height: float
    """Of the tallest, 0 to 100."""


@dataclass(frozen=True)
class CheckRate:
    """What the class made of one check."""

    check: CheckResult
    """As an example of it: id, title, points."""
    passed: int
    failed: int
    waiting: int
    """It failed for the reason of another check."""
    not_attempted: int

    @property
    def all(self) -> int:
        """Submissions that have it."""
        return self.passed + self.failed + self.waiting + self.not_attempted


@dataclass(frozen=True)
class Misconception:
    """A mistake, and who makes it."""

    id: str
    title: str
    misconception: str
    who: tuple[Entry, ...]


@dataclass(frozen=True)
class Verdict:
    """What the learning check says of one submission."""

    entry: Entry
    status: str
    words: str


@dataclass(frozen=True)
class Concern:
    """Why a human should look at something, and at whom."""

    entry: Entry
    why: str


def class_page(
    title: str,
    entries: Sequence[Entry],
    known: Mapping[str, Known],
    concerns: Sequence[Concern],
    alike: Sequence[Alike],
) -> str:
    """The page.

    `known` says of the ids of mistakes what they are; `concerns` come beside those that the grades
    themselves give; `alike` are submissions with files that are the same text.
    """
    grades = [entry.grade for entry in entries if entry.grade is not None]
    scores = [grade.score for grade in grades]
    return _PAGES.get_template("class.html.jinja").render(
        title=title,
        entries=entries,
        graded=len(grades),
        mean=statistics.mean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        bars=_distribution(grades),
        rates=_rates(entries),
        misconceptions=_misconceptions(entries, known),
        verdicts=_verdicts(entries),
        concerns=[*concerns, *_alarms(entries)],
        alike=alike,
        advisory=any(grade.advisory for grade in grades),
        exercises=list(dict.fromkeys(name for grade in grades for name in grade.by_exercise())),
        link=_link,
        part=_part,
        quote=quote,
    )


def _distribution(grades: Iterable[Grade]) -> list[Bar]:
    counts = [0] * BINS
    for grade in grades:
        if grade.max_score:
            counts[min(BINS * grade.score // grade.max_score, BINS - 1)] += 1
    width = 100 // BINS
    labels = [f"{width * n}-{width * (n + 1) - 1}" for n in range(BINS - 1)]
    labels.append(f"{100 - width}-100")
    tallest = max(counts, default=0) or 1
    return [Bar(label, n, 100 * n / tallest) for label, n in zip(labels, counts, strict=True)]


def _rates(entries: Sequence[Entry]) -> list[CheckRate]:
    by_id: dict[str, list[CheckResult]] = {}
    for entry in entries:
        for check in entry.checks:
            by_id.setdefault(check.id, []).append(check)
    return [
        CheckRate(
            checks[0],
            passed=sum(c.status == "passed" for c in checks),
            failed=sum(
                c.status not in ("passed", "not_attempted") and not c.waits_for for c in checks
            ),
            waiting=sum(
                c.status not in ("passed", "not_attempted") and bool(c.waits_for) for c in checks
            ),
            not_attempted=sum(c.status == "not_attempted" for c in checks),
        )
        for checks in by_id.values()
    ]


def _misconceptions(entries: Sequence[Entry], known: Mapping[str, Known]) -> list[Misconception]:
    who: dict[str, list[Entry]] = {}
    for entry in entries:
        for id_ in entry.mistakes:
            who.setdefault(id_, []).append(entry)
    found = []
    for id_, makers in who.items():
        # A mistake that is not in the bank any more is called by its id.
        of_it = known.get(id_) or Known(id_.rpartition("/")[2].replace("_", " "), "")
        found.append(Misconception(id_, of_it.title, of_it.misconception, tuple(makers)))
    return sorted(found, key=lambda one: (-len(one.who), one.title))


def _verdicts(entries: Sequence[Entry]) -> list[Verdict]:
    found = []
    for entry in entries:
        for check in entry.checks:
            if check.id == "learning/group" and check.status != "not_attempted":
                words = check.message.splitlines()
                said = [line for line in words if " episodes" in line and "after" in line]
                waits = f"needs {check.waits_for}" if check.waits_for else ""
                short = waits or (said[0].strip() if said else next(iter(words), ""))
                found.append(Verdict(entry, check.status, short.removeprefix("Diagnosis: ")))
    return found


def _alarms(entries: Iterable[Entry]) -> list[Concern]:
    return [
        Concern(entry, alarm)
        for entry in entries
        for alarm in dict.fromkeys(check.alarm for check in entry.checks)
        if alarm
    ]


def _link(entry: Entry) -> str:
    """The address of a submission's feedback, beside the page."""
    return f"{quote(entry.submission)}/feedback.md"


def _part(grade: Grade, exercise: str) -> tuple[int, str, str]:
    """The points of an exercise, as a number and as text, and how far it is."""
    checks = grade.by_exercise().get(exercise, ())
    if not checks:
        return 0, "", ""
    return sum(c.points for c in checks), points(checks), standing(checks).words
