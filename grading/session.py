"""One grading session: the checks in a pytest of their own, watched from outside.

The child process writes what happens to a record, a line at a time. If it dies or hangs in the
middle of a check, that check gets its verdict here, and a new child goes on with the rest: code
that ends the process costs its own checks, never the grade.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grading.checks import Check, Status
from grading.errors import GraderError
from grading.grade import CheckResult
from grading.messages import Message
from grading.record import Record
from grading.seeds import SECRET
from grading.solution import ROOT

GRACE = 15.0
"""Seconds beyond its own time limit that a check gets before its process is killed ..."""
GRACE_OF_ISOLATED = 1000.0
"""... and where the player keeps the time limits itself, and starts workers anew."""
START_LIMIT = 120.0
"""Seconds for a child to import what it needs and to begin its first check."""


Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """What to check, and how."""

    solution: str
    """`exercises`, `reference`, or an absolute path of a submission."""
    device: str = "cpu"
    seed: int | None = None
    """Of the cases. None: 0, or under isolation seeds that nobody knows beforehand."""
    skip_learning: bool = False
    isolated: bool = False
    """Whether the solution is to run in a sandbox."""
    only: str = ""
    """Id of the one check to run."""
    secret: str = ""
    """The key of the cases' seeds under isolation; empty: the environment's, or a fresh one."""


class Stopped(Exception):
    """Somebody asked for the end before the checks were through."""


def run_checks(
    request: Request, progress: Progress | None = None, stop: Callable[[], bool] = lambda: False
) -> tuple[CheckResult, ...]:
    """The result of every check, in the order of the checks. Raises GraderError.

    `progress(done, all)` is called whenever a check has its result. As soon as `stop()` is true,
    everything that was started is ended, and Stopped is raised.
    """
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        Path(folder).chmod(0o755)  # the bait of a sandbox must be within everybody's reach
        record = Record(Path(folder) / "record.jsonl")
        while not record.ended:
            before = len(record.results)
            child = _Child(request, record.path)
            try:
                grace = GRACE_OF_ISOLATED if request.isolated else GRACE
                _watch(child, record, grace, progress, stop)
            finally:
                child.stop()
            if record.fault is not None:
                _blame(record, request)
            if not record.ended and len(record.results) == before:
                raise GraderError(f"the checks could not be run:\n{child.last_words()}")
        return record.settled()


def _watch(
    child: "_Child",
    record: Record,
    grace: float,
    progress: Progress | None,
    stop: Callable[[], bool],
) -> None:
    """Follow one child until it is through, or has to be replaced."""
    waiting_since = time.monotonic()
    while True:
        running = child.running()
        if stop():
            raise Stopped
        if record.read():
            waiting_since = time.monotonic()
            if progress is not None and record.checks:
                progress(len(record.results), len(record.checks))
        if record.ended or record.fault is not None:
            return
        check = record.current
        if not running:
            if check is not None:
                status, message = _died(child.exit_code())
                record.verdict(check, status, message, alarm="ended its process")
            return
        limit = START_LIMIT if check is None else check.time_limit + grace
        if time.monotonic() - waiting_since > limit:
            if check is None:
                raise GraderError(f"the checks did not begin within {limit:g} seconds")
            record.verdict(
                check,
                "timeout",
                Message(
                    f"it was still running after {limit:g} seconds, and could not be interrupted.",
                    think="which loop never meets its end, or catches every exception?",
                ),
            )
            return
        time.sleep(0.05)


def _blame(record: Record, request: Request) -> None:
    """Whose fault it is that a check went wrong. Raises GraderError if it is the grader's own.

    What comes from a sandbox may be made to upset a check; the reference shows whether the check
    works.
    """
    assert record.fault is not None
    id_, text = record.fault
    check = next((check for check in record.checks if check.id == id_), None)
    if check is None or not request.isolated or not _works(check, request.device):
        raise GraderError(f"the check {id_} itself went wrong:\n{text}")
    record.fault = None
    message = Message(
        "what came back from the code cannot be judged.",
        got="facts that do not fit together",
        expected="what Python makes of a function's results",
        think="does the code change how Python, numpy, torch or the grader work?",
    )
    record.verdict(check, "error", message, alarm="sent facts that do not fit together")


def _works(check: Check, device: str) -> bool:
    try:
        results = run_checks(Request("reference", device, only=check.id))
    except GraderError:
        return False
    return [result.status for result in results] == ["passed"]


def _died(code: int) -> tuple[Status, Message]:
    how = f"by signal {-code}" if code < 0 else f"with exit status {code}"
    return "error", Message(
        "the code ended the whole Python process.",
        got=f"the process ended {how} in the middle of this check",
        expected="the function returns",
        think="does anything call os._exit, or crash the interpreter?",
    )


class _Child:
    """A pytest in a process group of its own; the end of its output is kept, the rest dropped."""

    def __init__(self, request: Request, record: Path) -> None:
        # With "=", so that pytest does not take a path for a place with tests and settings.
        command = [sys.executable, "-m", "pytest", "tests", f"--solution={request.solution}"]
        command += ["-c", "pyproject.toml", "--rootdir=."]
        command += ["--device", request.device]
        command += ["--isolation", "require" if request.isolated else "none"]
        if request.seed is not None:
            command += ["--case-seed", str(request.seed)]
        command += [f"--record={record}", "-p", "no:cacheprovider", "-p", "pytest_timeout"]
        command += ["-p", "grading.leash"]
        if request.only:
            command += ["--only-check", request.only]
        if request.skip_learning:
            command += ["-m", "not learning"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        if request.secret:
            environment[SECRET] = request.secret
        # What it leaves behind when it is killed goes with the record.
        environment["TMPDIR"] = str(record.parent)
        self._process = subprocess.Popen(  # noqa: S603 - its arguments are paths and numbers
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._tail: deque[bytes] = deque(maxlen=16)
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._drain, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    def _drain(self, output: IO[bytes]) -> None:
        while chunk := os.read(output.fileno(), 4096):
            self._tail.append(chunk)

    def running(self) -> bool:
        return self._process.poll() is None

    def exit_code(self) -> int:
        return self._process.wait()

    def last_words(self) -> str:
        text = b"".join(self._tail).decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-15:])

    def stop(self) -> None:
        """End the child and what it started."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):  # it and its children may be gone already
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        # A process that left the group may still hold the pipe; it is not waited for.
        self._reader.join(timeout=2)
        if not self._reader.is_alive() and self._process.stdout is not None:
            self._process.stdout.close()
