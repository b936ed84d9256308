"""The report on a class, from what a batch has written: the page, and the grades as a table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grading.batch import read_grade
from grading.files import write_whole
from grading.isolation.intake import Intake, take_in
from grading.likeness import alike
from grading.reports.class_page import Concern, Known, class_page
from grading.reports.gradebooks import Entry, grades_csv
from grading.roster import Student, owner, without_submission
from grading.solution import ROOT


def entries_of(
    folders: Sequence[Path], out: Path, roster: Sequence[Student], problems: Mapping[str, str]
) -> list[Entry]:
    """Every submission there is, and every student without one.

    `folders` are the submissions, `out` is where their grades are; `problems` say of some, by
    name, why they have none.
    """
    names = [folder.name for folder in folders]
    entries = []
    for name in names:
        grade = read_grade(out / name)
        problem = problems.get(name, "" if grade is not None else "not graded yet")
        entries.append(Entry(name, grade, owner(name, roster), problem))
    missing = without_submission(roster, names)
    return [*entries, *(Entry("", None, student, "nothing handed in") for student in missing)]


def write_report(
    title: str,
    folders: Sequence[Path],
    out: Path,
    roster: Sequence[Student],
    entries: Sequence[Entry],
) -> None:
    """Write `class.html` and `grades.csv` into `out`."""
    taken = {folder.name: take_in(folder / "exercises") for folder in folders}
    concerns = list(_concerns(folders, taken, roster, entries))
    stubs = take_in(ROOT / "exercises").files
    own = {
        name: {file: text for file, text in intake.files.items() if text != stubs.get(file)}
        for name, intake in taken.items()
    }
    page = class_page(title, entries, _known(entries), concerns, alike(own))
    write_whole(out / "class.html", page)
    write_whole(out / "grades.csv", grades_csv(entries))


def _concerns(
    folders: Sequence[Path],
    taken: Mapping[str, Intake],
    roster: Sequence[Student],
    entries: Sequence[Entry],
) -> Iterator[Concern]:
    """What a human should look at, beside what the grades themselves say."""
    by_name = {entry.submission: entry for entry in entries}
    for name, intake in taken.items():
        for file, why in intake.refused.items():
            yield Concern(by_name[name], f"exercises/{file} {why}")
    for entry in entries:
        if entry.submission and entry.problem:
            yield Concern(entry, entry.problem)
    for folder in folders:
        if not (folder / "exercises").is_dir():
            yield Concern(by_name[folder.name], "holds no exercises/ folder")
    for entry in entries:
        if roster and entry.submission and entry.student is None:
            yield Concern(entry, "is nobody's on the roster, or it is not clear whose")


def _known(entries: Sequence[Entry]) -> dict[str, Known]:
    """What the mistakes are that were named."""
    if not any(entry.mistakes for entry in entries):
        return {}
    from grading.bank.pipeline import pipelines  # imports torch, which takes seconds

    return {
        id_: Known(mistake.title, mistake.misconception)
        for pipeline in pipelines().values()
        for id_, mistake in pipeline.mistakes.items()
    }
