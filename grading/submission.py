"""One submission, graded: the session's results, and where they come from."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from grading.grade import Grade
from grading.isolation.intake import take_in
from grading.provenance import provenance
from grading.session import Progress, Request, run_checks
from grading.solution import NoSuchSolution, find_solution, has_reference


@dataclass(frozen=True)
class Terms:
    """How submissions are graded; two grades on the same terms can be compared."""

    isolated: bool = True
    device: str = "cpu"
    seed: int | None = None
    """Of the cases. None: 0, or under isolation seeds that nobody knows beforehand."""
    skip_learning: bool = False
    secret: str = field(default="", repr=False)
    """Of the seeds under isolation; none: a fresh one for each submission."""

    def provenance(self, graded_files: str) -> dict[str, Any]:
        """Of a grade of files with this digest."""
        return provenance(
            graded_files,
            "require" if self.isolated else "none",
            self.device,
            0 if self.seed is None and not (self.isolated and has_reference()) else self.seed,
            ["learning"] if self.skip_learning else [],
        )

    def request(self, submission: Path) -> Request:
        """What to ask of a session."""
        secret, seed = "", self.seed
        if self.isolated:
            # A seed that everybody knows is no secret, but each check has its own all the same.
            secret = self.secret if seed is None else f"seed {seed}"
            seed = None
        return Request(
            str(submission.absolute()),
            self.device,
            0 if seed is None and not self.isolated else seed,
            self.skip_learning,
            self.isolated,
            secret=secret,
        )


def grade_submission(
    submission: Path,
    terms: Terms,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Grade:
    """The grade of a folder that holds `exercises/`.

    Raises NoSuchSolution, GraderError, or Stopped as soon as `stop()` is true.
    """
    exercises = find_solution(str(submission.absolute()))
    name = submission.resolve().name
    graded_files = take_in(exercises).digest()
    results = run_checks(terms.request(exercises.parent), progress, stop)
    return Grade(name, results, terms.provenance(graded_files))


def grade_of_nothing(submission: Path, reason: NoSuchSolution, terms: Terms) -> Grade:
    """The grade of a folder in which there is nothing to grade: no points, and the reason why."""
    with TemporaryDirectory(prefix="nothing-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "exercises").mkdir()
        grade = grade_submission(Path(folder), terms)
    first, *others = (replace(check, points=0, status="error", file="") for check in grade.checks)
    first = replace(first, message=str(reason), waits_for="")
    waiting = f"needs {first.id}, which is to be mended first"
    checks = (first, *(replace(o, message=waiting, waits_for=first.id) for o in others))
    return Grade(submission.resolve().name, checks, grade.provenance)
