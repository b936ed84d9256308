"""The roster of a class, and which submission is whose.

Two forms are read: GitHub Classroom's (`identifier,github_username,github_id,name`) and
Classroom 50's (`username,first_name,last_name,email,section,github_id,role`).
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading.errors import BadArguments


class BadRoster(BadArguments):
    """It cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Student:
    """One line of a roster."""

    username: str
    """On GitHub; empty if no account is linked yet."""
    identifier: str = ""
    """Of the university: a number, a login, an address."""
    name: str = ""
    email: str = ""
    section: str = ""

    def keys(self) -> set[str]:
        """By what other lists may know them."""
        return {key.casefold() for key in (self.identifier, self.username, self.email, self.name)}


def read_roster(path: Path) -> list[Student]:
    """The students of a CSV file; teachers are left out. Raises BadRoster."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns, rows = set(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadRoster(f"{path} cannot be read as CSV in UTF-8: {error}") from error
    if {"identifier", "github_username"} <= columns:
        return [
            Student(_cell(row, "github_username"), _cell(row, "identifier"), _cell(row, "name"))
            for row in rows
        ]
    if {"username", "first_name", "last_name"} <= columns:
        return [
            Student(
                _cell(row, "username"),
                name=f"{_cell(row, 'first_name')} {_cell(row, 'last_name')}".strip(),
                email=_cell(row, "email"),
                section=_cell(row, "section"),
            )
            for row in rows
            if _cell(row, "role") in ("", "student")
        ]
    raise BadRoster(
        f"{path} is no roster that is known here: the columns identifier and github_username "
        "(GitHub Classroom), or username, first_name and last_name (Classroom 50) are needed"
    )


def _cell(row: dict[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip()


def owner(submission: str, roster: Iterable[Student]) -> Student | None:
    """Whose a submission is, by the name of its folder; None if nobody's or not clear.

    Repositories are called `<assignment>-<username>` or `<classroom>-<assignment>-<username>`.
    """
    name = submission.casefold()
    fits = [
        student
        for student in roster
        if student.username and f"-{name}".endswith(f"-{student.username.casefold()}")
    ]
    longest = max((len(student.username) for student in fits), default=0)
    best = [student for student in fits if len(student.username) == longest]
    return best[0] if len(best) == 1 else None


def without_submission(roster: Sequence[Student], submissions: Iterable[str]) -> list[Student]:
    """The students who handed nothing in."""
    owners = [owner(submission, roster) for submission in submissions]
    return [student for student in roster if student not in owners]
