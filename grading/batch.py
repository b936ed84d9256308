"""A class, graded: every submission in a folder, side by side, each on its own.

Written against `concurrent.futures.Executor`: a thread here only watches over the session's own
processes, so threads are enough on one machine, and on several Dask's executor takes their place.
Each finished grade is on disk before anybody is told of it: what ends in the middle, a worker or
the whole batch, loses only what was not finished.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.errors import BadArguments, GraderError
from grading.files import write_whole
from grading.grade import Grade, grade_from_json
from grading.isolation.intake import take_in
from grading.reports.markdown import feedback
from grading.solution import NoSuchSolution
from grading.submission import Terms, grade_of_nothing, grade_submission

GRADE = "grade.json"
FEEDBACK = "feedback.md"
RUN = "batch"
"""Of the provenance: which batch a grade was made in."""
ELSEWHERE = ("platform", RUN)
"""What may differ between two grades of the same thing."""


class BadClass(BadArguments):
    """There is nothing to grade; the message says what was looked for."""


@dataclass(frozen=True)
class Job:
    """One submission to grade."""

    submission: str
    out: str
    """The folder for its grade and its feedback."""
    terms: Terms
    batch: str
    """Id of the batch."""
    resume: bool = False
    """Whether an earlier batch's grade of the same files, on the same terms, will do."""


def submissions(folder: Path, only: Sequence[str] = ()) -> list[Path]:
    """The submissions of a class: its subfolders, by name. Raises BadClass.

    Hidden folders are none, nor are links, which may lead anywhere. `only` are names of folders.
    """
    if not folder.is_dir():
        raise BadClass(f"{folder} is not a folder")
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    ]
    if not found:
        raise BadClass(f"{folder} holds no subfolders: each submission is one")
    missing = sorted(set(only) - {path.name for path in found})
    if missing:
        raise BadClass(f"--only: {folder} holds no folder called {', '.join(missing)}")
    return [path for path in found if not only or path.name in only]


def grade_job(job: Job, stop: Callable[[], bool] = lambda: False) -> str:
    """Grade one submission and write its grade down; why there is none, or an empty string.

    What an engine runs a second time, because a machine was lost, is not graded a second time.
    """
    out = Path(job.out)
    try:
        if not _is_done(job):
            _write(_grade(job, stop), out)
    except (GraderError, OSError) as error:
        for file in (GRADE, FEEDBACK):
            (out / file).unlink(missing_ok=True)  # an old grade must not pass for today's
        return str(error)
    return ""


def _grade(job: Job, stop: Callable[[], bool]) -> Grade:
    submission = Path(job.submission)
    try:
        grade = grade_submission(submission, job.terms, stop=stop)
    except NoSuchSolution as error:
        grade = grade_of_nothing(submission, error, job.terms)
    grade.provenance[RUN] = job.batch
    return grade


def _write(grade: Grade, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / FEEDBACK, feedback(grade))
    write_whole(out / GRADE, grade.text())


def _is_done(job: Job) -> bool:
    """Whether there is a grade that need not be made again."""
    there = read_grade(Path(job.out))
    if there is None or not (Path(job.out) / FEEDBACK).is_file():
        return False
    if there.provenance.get(RUN) == job.batch:
        return True
    if not job.resume:
        return False
    digest = take_in(Path(job.submission) / "exercises").digest()
    return _same(there.provenance, job.terms.provenance(digest))


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in {*one, *other} - {*ELSEWHERE})


def read_grade(folder: Path) -> Grade | None:
    """The grade in a folder of the batch's output; None if there is none, or none that is whole."""
    try:
        return grade_from_json(json.loads((folder / GRADE).read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def run(
    jobs: Iterable[Job], executor: Executor, grade: Callable[[Job], str] = grade_job
) -> Iterator[tuple[Job, str]]:
    """Each job as it is done, and why it has no grade if it has none."""
    futures: dict[Future[str], Job] = {executor.submit(grade, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()
