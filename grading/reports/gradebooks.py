"""The grades of a class as tables: for people, for Canvas, for Moodle.

Canvas: https://community.canvaslms.com, "How do I import grades in the Gradebook?".
Moodle: the assignment's "Download grading worksheet", filled in and uploaded again; only a
worksheet that Moodle wrote is taken back.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from grading.errors import BadArguments
from grading.grade import CheckResult, Grade
from grading.roster import Student


class BadGradebook(BadArguments):
    """A table of somebody else's cannot be filled in; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """One submission of a class, or a student without one."""

    submission: str
    """The name of its folder; empty if there is none."""
    grade: Grade | None = None
    student: Student | None = None
    problem: str = ""
    """Why there is no grade."""

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """The results of its grade, if there is one."""
        return self.grade.checks if self.grade is not None else ()

    @property
    def mistakes(self) -> list[str]:
        """The ids of the mistakes that it was found to make."""
        return self.grade.mistakes if self.grade is not None else []

    @property
    def label(self) -> str:
        """The student's name if it is known."""
        return (self.student.name or self.student.identifier if self.student else "") or (
            self.submission or (self.student.username if self.student else "")
        )


@dataclass(frozen=True)
class Filled:
    """A table that was filled in."""

    text: str
    unmatched: tuple[str, ...]
    """Those of the class who are not in it, or not clearly."""


def grades_csv(entries: Sequence[Entry]) -> str:
    """A line for each entry, for people and spreadsheets."""
    exercises = list(
        dict.fromkeys(name for e in entries if e.grade for name in e.grade.by_exercise())
    )
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = ["submission", "username", "identifier", "name", "score", "max_score", "bonus_score"]
    writer.writerow([*columns, *exercises, "isolation", "mistakes", "problem"])
    for entry in entries:
        student, grade = entry.student or Student(""), entry.grade
        row: list[object] = [entry.submission, student.username, student.identifier, student.name]
        if grade is None:
            row += [""] * (5 + len(exercises))
        else:
            by_exercise = grade.by_exercise()
            row += [grade.score, grade.max_score, grade.bonus_score]
            row += [sum(c.points for c in by_exercise.get(name, ())) for name in exercises]
            row += [grade.provenance.get("isolation", ""), " ".join(grade.mistakes)]
        writer.writerow([_harmless(cell) for cell in [*row, entry.problem]])
    return out.getvalue()


def _harmless(cell: object) -> object:
    """What no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def canvas_csv(entries: Sequence[Entry], title: str, export: str | None = None) -> Filled:
    """What Canvas imports into the assignment `title`, which is `Name (id)` for an existing one.

    `export` is a gradebook that Canvas exported: its students are found by identifier, address,
    login or name. Without one, the identifiers of the roster are taken for SIS login ids.
    """
    graded = [entry for entry in entries if entry.grade is not None]
    possible = {entry.grade.max_score for entry in graded if entry.grade is not None} or {100}
    if len(possible) > 1:
        raise BadGradebook("the grades have different maxima: grade the whole class alike first")
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*CANVAS, title])
    writer.writerow(["    Points Possible", "", "", "", "", possible.pop()])
    if export is None:
        for entry in graded:
            if entry.student is not None and entry.grade is not None:
                name, login = entry.student.name, entry.student.identifier or entry.student.email
                writer.writerow([name, "", "", login, entry.student.section, entry.grade.score])
        return Filled(out.getvalue(), tuple(e.label for e in graded if e.student is None))
    rows = _rows(export, CANVAS[:2])
    known = _by_key(graded)
    found = []
    for row in rows:
        match = _entry(known, (row.get(column, "") for column in CANVAS[:4]))
        if match is not None and match.grade is not None:
            found.append(match)
            writer.writerow([*(row.get(column, "") for column in CANVAS), match.grade.score])
    return Filled(out.getvalue(), tuple(e.label for e in graded if e not in found))


def moodle_worksheet(entries: Sequence[Entry], worksheet: str) -> Filled:
    """A grading worksheet that Moodle wrote, with the column `Grade` filled in; nothing else is."""
    rows = _rows(worksheet, ["Identifier", "Grade"])
    graded = [entry for entry in entries if entry.grade is not None]
    known = _by_key(graded)
    found = []
    for row in rows:
        names = ("ID number", "Username", "Email address", "Full name")
        entry = _entry(known, (row.get(name, "") for name in names))
        if entry is None or entry.grade is None or row.get("Grade can be changed") == "No":
            continue
        most = row.get("Maximum grade") or row.get("Maximum Grade") or entry.grade.max_score
        if float(most) != entry.grade.max_score:
            raise BadGradebook(
                f"the worksheet's maximum grade is {most}: set the assignment's to "
                f"{entry.grade.max_score} in Moodle, and download the worksheet anew"
            )
        found.append(entry)
        row["Grade"] = str(entry.grade.score)
    out = StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return Filled(out.getvalue(), tuple(e.label for e in graded if e not in found))


def _rows(text: str, needed: Sequence[str]) -> list[dict[str, str]]:
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), restval="")
    try:
        rows = list(reader)
    except csv.Error as error:
        raise BadGradebook(f"the table cannot be read as CSV: {error}") from error
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing or not rows:
        raise BadGradebook(f"the table needs the columns {', '.join(needed)}, and a line at least")
    if any(None in row for row in rows):
        raise BadGradebook("a line of the table has more cells than the first one")
    return rows


def _by_key(entries: Iterable[Entry]) -> dict[str, Entry | None]:
    """Entries by whatever their students are called; None where two are called the same."""
    known: dict[str, Entry | None] = {}
    for entry in entries:
        for key in (entry.student.keys() if entry.student else set()) - {""}:
            known[key] = entry if key not in known else None
    return known


def _entry(known: dict[str, Entry | None], cells: Iterable[str]) -> Entry | None:
    """The one entry that the cells of a row speak of."""
    found = {id(e): e for cell in cells if (e := known.get(cell.strip().casefold())) is not None}
    return next(iter(found.values())) if len(found) == 1 else None
