"""The pytest plugin of the checks: `--solution`, one failure for one cause, and the final table.

It acts on tests that are marked by `grading.checks.check`, and on no others.
"""

import gc
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from grading.checks import Check, CheckFailed, Status
from grading.grade import CheckResult, Grade
from grading.messages import Message, name_the_cause
from grading.record import CheckRun
from grading.reports.terminal import Line, curves, table
from grading.solution import NoSuchSolution, Solution, find_solution

MAX_CAPTURED = 2_000
"""Characters of a student's own output that are shown with a failure ..."""
MAX_LINE = 200
"""... and of each line, where there is more than that."""

_ADVICE = pytest.StashKey[list[str]]()
_REMARKS = pytest.StashKey[list[str]]()
_MISTAKES = pytest.StashKey[tuple[Any, ...]]()
_RUN = pytest.StashKey[CheckRun]()


class _Needs(Exception):
    """A check that is not run: what it needs never came back, so it would not either."""


class _InternalErrors:
    """Tells a watcher that an error is the grader's own, and not of the code it checks."""

    def __init__(self, run: CheckRun) -> None:
        self._run = run

    def pytest_internalerror(self, excrepr: object) -> None:
        self._run.write("fault", id="(pytest itself)", text=str(excrepr)[-4000:])


def _check_of(item: pytest.Item) -> Check | None:
    marker = item.get_closest_marker("check")
    return marker.args[0] if marker else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the checks."""
    group = parser.getgroup("course", "the course's checks")
    group.addoption(
        "--solution",
        default="exercises",
        metavar="exercises|reference|PATH",
        help="what to check: exercises (the default), reference, or a folder that holds exercises/",
    )
    group.addoption(
        "--case-seed", type=int, default=0, metavar="N", help="seed of the cases (default 0)"
    )
    group.addoption(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where the networks live"
    )
    group.addoption(
        "--record",
        type=Path,
        metavar="FILE",
        help="append what happens as JSON lines; checks already in FILE are not run again",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the options; bad ones are usage errors."""
    config.addinivalue_line("markers", "check(facts): a check with points; see grading.checks")
    config.addinivalue_line("markers", "learning: trains; leave out with -m 'not learning'")
    config.stash[_RUN] = CheckRun(config.option.record)
    config.pluginmanager.register(_InternalErrors(config.stash[_RUN]))
    if config.option.case_seed < 0:
        raise pytest.UsageError("--case-seed must not be negative")
    try:
        find_solution(config.option.solution)
    except NoSuchSolution as error:
        raise pytest.UsageError(f"--solution: {error}") from error
    if config.option.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise pytest.UsageError("--device cuda: torch sees no CUDA device; use --device cpu")


@pytest.fixture(scope="session")
def solution(pytestconfig: pytest.Config) -> Solution:
    """The solution that is being checked."""
    import torch  # only here: --help and --version need not wait for it

    torch.set_num_threads(1)  # the networks are so small that threads only get in each other's way
    return Solution(find_solution(pytestconfig.option.solution))


@pytest.fixture(scope="session")
def device(pytestconfig: pytest.Config) -> str:
    """The device that the networks are on: cpu or cuda."""
    return str(pytestconfig.option.device)


@pytest.fixture(scope="session")
def case_seed(pytestconfig: pytest.Config) -> int:
    """The seed from which the cases are made."""
    return int(pytestconfig.option.case_seed)


@pytest.fixture
def advice(request: pytest.FixtureRequest) -> list[str]:
    """Remarks that cost no points: append to it."""
    return request.node.stash.setdefault(_ADVICE, [])


@pytest.fixture
def remarks(request: pytest.FixtureRequest) -> list[str]:
    """What a check wants to show although it passed: append lines to it."""
    return request.node.stash.setdefault(_REMARKS, [])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast checks first, learning last; leave out what the record already has."""
    items.sort(key=lambda item: item.get_closest_marker("learning") is not None)
    done = config.stash[_RUN].results
    again = [item for item in items if (check := _check_of(item)) is None or check.id not in done]
    if len(again) < len(items):
        items[:] = again


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell a watcher which checks there are, so that it can name those that never ran."""
    checks = [check for item in session.items if (check := _check_of(item))]
    session.config.stash[_RUN].write("checks", checks=[asdict(check) for check in checks])
    # torch's half a million objects live until the end; collecting garbage need not visit them.
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Do not wait once more for something that never came back."""
    check = _check_of(item)
    if check is None:
        return
    run = item.config.stash[_RUN]
    run.write("start", id=check.id)
    if any(result.id in run.never_returned for result in run.unmet(check)):
        raise _Needs


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Look for the cause of a failure while the solution can still be played."""
    try:
        return (yield)
    except CheckFailed as failure:
        check = _check_of(pyfuncitem)
        trials: Any = pyfuncitem.funcargs.get("trials")
        if (
            check is not None
            and trials is not None
            and isinstance(failure.message, Message)
            and not pyfuncitem.config.stash[_RUN].unmet(check)
        ):
            pyfuncitem.stash[_MISTAKES] = trials.mistakes
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what happened into a result, and the report into what a student should read."""
    report = yield
    check = _check_of(item)
    if check is None or call.when == "teardown" or (call.when == "setup" and report.passed):
        return report
    run = item.config.stash[_RUN]
    result = _result(item, check, call, run)
    if _is_the_graders_fault(call):
        run.write("fault", id=check.id, text=str(report.longrepr)[-4000:])
    run.add(result)
    report.user_properties.append(("check", asdict(result)))
    if result.status != "passed":
        report.outcome = "failed"
        if not _is_the_graders_fault(call):
            report.longrepr = result.message + "\n"
        report.sections = [(name, _shorten(text)) for name, text in report.sections]
    return report


def _is_the_graders_fault(call: pytest.CallInfo[None]) -> bool:
    return call.excinfo is not None and not isinstance(
        call.excinfo.value, (CheckFailed, _Needs, pytest.fail.Exception)
    )


def _result(
    item: pytest.Item, check: Check, call: pytest.CallInfo[None], run: CheckRun
) -> CheckResult:
    """The result of a check that is over."""
    folder = find_solution(item.config.option.solution)
    status: Status = "passed"
    message, where, waits_for = "\n".join(_said(item, _REMARKS)), None, ""
    diagnosis: tuple[str, ...] = ()
    if call.excinfo is not None:
        status, message, where = _what_went_wrong(check, call.excinfo, folder)
        mistakes = item.stash.get(_MISTAKES, ())
        if mistakes and isinstance(call.excinfo.value, CheckFailed):
            diagnosis = tuple(mistake.id for mistake in mistakes)
            message = str(name_the_cause(call.excinfo.value.message, mistakes))  # type: ignore[arg-type]
        unmet = run.unmet(check) or run.explained(check, diagnosis)
        if unmet and not _is_the_graders_fault(call):
            status = "not_attempted" if unmet[0].status == "not_attempted" else "failed"
            waits_for = unmet[0].waits_for or unmet[0].id
            message = f"needs {waits_for}, which is to be mended first"
            diagnosis = ()
    file, line = where or _definition(folder, check.exercise)
    return CheckResult(
        id=check.id,
        exercise=check.exercise,
        title=check.title,
        points=check.points if status == "passed" else 0,
        max_points=check.points,
        bonus=check.bonus,
        status=status,
        message=message,
        diagnosis=diagnosis,
        advice=tuple(_said(item, _ADVICE)),
        seconds=round(call.duration, 3),
        file=file,
        line=line,
        waits_for=waits_for,
    )


Place = tuple[str, int | None]
"""A file as a student calls it, and a line if one is known."""


def _what_went_wrong(
    check: Check, raised: pytest.ExceptionInfo[BaseException], folder: Path
) -> tuple[Status, str, Place | None]:
    error = raised.value
    if isinstance(error, CheckFailed):
        return error.status, str(error), (error.file, error.line) if error.file else None
    if isinstance(error, pytest.fail.Exception) and "Timeout" in str(error):
        place = _innermost(raised, folder)
        where = f", at {place[0]}:{place[1]}" if place else ""
        cause = f"it was still running after {check.time_limit:g} seconds{where}."
        think = "is there a loop that never meets its end, or something very slow in one?"
        return "timeout", str(Message(cause, think=think)), place
    if isinstance(error, pytest.fail.Exception):
        return "error", str(Message(f"pytest.fail was called: {error}")), None
    return "error", f"The check itself went wrong: {error!r}", None


def _said(item: pytest.Item, key: pytest.StashKey[list[str]]) -> list[str]:
    return item.stash.get(key, [])


def _definition(folder: Path, exercise: str) -> Place:
    """An exercise's first function: where to begin when nothing says more."""
    path = folder / f"{exercise}.py"
    if not path.is_file():
        return "", None
    lines = path.read_text("utf-8", "replace").splitlines()
    first = next((n for n, line in enumerate(lines, start=1) if line.startswith("def ")), None)
    return f"{folder.name}/{exercise}.py", first


def _innermost(raised: pytest.ExceptionInfo[BaseException], folder: Path) -> Place | None:
    """The student's line in which a call was cut off."""
    own = [entry for entry in raised.traceback if Path(entry.path).is_relative_to(folder)]
    if not own:
        return None
    relative = Path(own[-1].path).relative_to(folder).as_posix()
    return f"{folder.name}/{relative}", own[-1].lineno + 1


def _shorten(text: str) -> str:
    """The beginning of a student's output: the cause must stay on the screen."""
    if len(text) <= MAX_CAPTURED:
        return text
    lines = [line[:MAX_LINE] for line in text[:MAX_CAPTURED].splitlines()]
    return "\n".join([*lines, f"... and more: {len(text):,} characters in all"])


def _result_of(report: pytest.TestReport) -> dict[str, Any] | None:
    return next((value for name, value in report.user_properties if name == "check"), None)  # type: ignore[return-value]


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, str] | None:
    """Give "not attempted" and "needs" words of their own; they are neither passes nor failures."""
    if not isinstance(report, pytest.TestReport) or report.when == "teardown":
        return None
    result = _result_of(report)
    if result is None or result["status"] == "passed":
        return None
    if result["status"] == "not_attempted":
        return "not attempted", "-", "NOT ATTEMPTED"
    if result["waits_for"]:
        return "waiting", "w", "WAITING"
    return None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table, unless this run had no checks."""
    results = tuple(config.stash[_RUN].results.values())
    if not results:
        return
    terminalreporter.ensure_newline()
    terminalreporter.section("your points", sep="=")
    grade = Grade(config.option.solution, results)
    for line in (*curves(grade), *table(grade)):
        terminalreporter.write_line(line.text, **_markup(line))


def _markup(line: Line) -> dict[str, bool]:
    names = {"good": "green", "bad": "red", "dim": "light", "strong": "bold"}
    return {names[line.style]: True} if line.style in names else {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell a watcher that nothing more will come."""
    session.config.stash[_RUN].write("end")
