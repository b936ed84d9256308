"""The checks in this process: for those who check many solutions, and can do without a watcher."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from grading.record import Record
from grading.solution import ROOT

CHECKS = ROOT / "tests"


def checks_of(exercise: str) -> Path:
    """The file with the checks of an exercise: those of challenges lie beside the others."""
    return CHECKS / f"test_{exercise.rpartition('/')[2]}.py"


def check_here(solution: Path | str, *options: str, checks: Path = CHECKS) -> Record:
    """What the checks write down about a solution; nothing is printed.

    `options` are further ones of pytest, and `checks` those to run: all of them, or one file.
    Unlike in a session, code that ends or hangs the process does just that.
    """
    with TemporaryDirectory(prefix="checks-") as folder:
        record = Record(Path(folder) / "record.jsonl")
        command = [str(checks), f"--solution={solution}", f"--record={record.path}", *options]
        command += ["-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            pytest.main(command)
        record.read()
        return record
