"""What the tests of the grader share: submissions made on the spot, and their grades."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grading.grade import CheckResult
from grading.here import check_here, checks_of
from grading.oracle import reference_solution
from grading.player import LocalPlayer
from grading.scorecard import copy_reference
from grading.session import Request, run_checks

Submit = Callable[..., Path]


@pytest.fixture
def submit(tmp_path: Path) -> Submit:
    """Makes a submission: the reference, with some of its files replaced (None: left out)."""

    def make(**files: str | bytes | None) -> Path:
        folder = tmp_path / "submission" / "exercises"
        copy_reference(folder)
        for name, content in files.items():
            path = folder / f"{name}.py"
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder.parent

    return make


@pytest.fixture
def grade() -> Callable[..., dict[str, CheckResult]]:
    """Grades a submission in a session of its own; results by id."""

    def run(submission: Path, *, learning: bool = False) -> dict[str, CheckResult]:
        results = run_checks(Request(str(submission), skip_learning=not learning))
        return {result.id: result for result in results}

    return run


@pytest.fixture
def grade_here() -> Callable[..., dict[str, CheckResult]]:
    """Grades a submission in this process, in a second or less; results by id."""

    def run(submission: Path, *, learning: bool = False) -> dict[str, CheckResult]:
        record = check_here(submission, *([] if learning else ["-m", "not learning"]))
        assert record.ended
        return record.results

    return run


@pytest.fixture
def trials_of() -> Callable[[str], Any]:
    """The trials of an exercise's function, as its checks make them, on the reference."""

    def make(exercise: str) -> Any:
        checks = importlib.import_module(f"tests.{checks_of(exercise).stem}")
        return checks.trials.__wrapped__(LocalPlayer(reference_solution()), 0)

    return make


@pytest.fixture
def classroom50_runner() -> dict[str, str]:
    """What Classroom 50's runner says of a submission."""
    return {
        "CLASSROOM": "rl",
        "ASSIGNMENT": "actor-critic",
        "SUBMISSION_TAG": "submit/2026-11-22T10-00-00Z-abc",
        "COMMIT_URL": "https://x/commit/1",
        "RELEASE_URL": "https://x/releases/1",
        "USERNAME": "ada",
    }
