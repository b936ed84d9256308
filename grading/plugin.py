"""The pytest plugin of the checks: `--solution`, one failure for one cause, and the final table.

It acts on tests that are marked by `grading.checks.check`, and on no others.
"""

import gc
import os
import secrets
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grading.checks import ENDLESS, Check, CheckFailed, Status
from grading.errors import GraderError
from grading.grade import CheckResult, Grade, settle
from grading.isolation.intake import Intake, take_in
from grading.isolation.process import Worker
from grading.isolation.sandbox import NoSandbox
from grading.messages import Message, name_the_cause
from grading.record import CheckRun
from grading.reports.terminal import Line, curves, table
from grading.seeds import SECRET
from grading.seeds import case_seed as seed_of
from grading.solution import NoSuchSolution, Solution, find_solution, has_reference

if TYPE_CHECKING:
    from grading.player import Player

MAX_CAPTURED = 2_000
"""Characters of a student's own output that are shown with a failure ..."""
MAX_LINE = 200
"""... and of each line, where there is more than that."""

BACKSTOP = 900.0
"""Seconds after which pytest ends a check whose time limits the remote player keeps."""
MAX_MESSAGE = 8_000
"""Characters of a message: what a submission says in it may be long."""

_ADVICE = pytest.StashKey[list[str]]()
_REMARKS = pytest.StashKey[list[str]]()
_MISTAKES = pytest.StashKey[tuple[Any, ...]]()
_RUN = pytest.StashKey[CheckRun]()
_CHECKS = pytest.StashKey[list[Check]]()
_GIVEN = pytest.StashKey["_Given"]()


@dataclass
class _Given:
    """The solution that is being checked, and how."""

    folder: Path
    """Its exercises: under isolation, a copy of what was taken in."""
    case_seed: int | None
    """The one that was asked for."""
    secret: str = ""
    intake: Intake | None = None
    """What was taken in, if it is isolated."""
    worker: Worker | None = None
    """The first one."""
    until_the_end: ExitStack = field(default_factory=ExitStack)

    @property
    def isolated(self) -> bool:
        """Whether it runs in a sandbox."""
        return self.intake is not None

    def seed_for(self, check: Check | None) -> int:
        """Of a check's cases."""
        if self.case_seed is not None:
            return self.case_seed
        if self.intake is None or not has_reference():
            return 0  # which is what recordings are of
        return seed_of(self.secret, self.intake.digest(), check.id if check else "")


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


def _limit(config: pytest.Config, check: Check) -> float:
    """Seconds that a check may take."""
    return check.time_limit * float(config.option.time_factor)


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
        "--isolation",
        choices=("require", "none"),
        default="none",
        help="require: run the solution in a sandbox; none (the default): in this process",
    )
    group.addoption(
        "--case-seed",
        type=int,
        metavar="N",
        help=f"seed of the cases (default 0; under isolation, one for each check, from {SECRET})",
    )
    group.addoption(
        "--time-factor",
        type=float,
        default=1.0,
        metavar="X",
        help="multiply the time limits of all checks by X",
    )
    group.addoption(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where the networks live"
    )
    group.addoption("--only-check", metavar="ID", help="run this check only")
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
    if (config.option.case_seed or 0) < 0:
        raise pytest.UsageError("--case-seed must not be negative")
    try:
        config.stash[_GIVEN] = _given(config)
    except NoSuchSolution as error:
        raise pytest.UsageError(f"--solution: {error}") from error
    except NoSandbox as error:
        raise pytest.UsageError(f"--isolation require: {error}") from error
    if config.option.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise pytest.UsageError("--device cuda: torch sees no CUDA device; use --device cpu")


def _given(config: pytest.Config) -> _Given:
    """Find the solution; under isolation, take it in and start a worker, which takes its time."""
    folder = find_solution(config.option.solution)
    given = _Given(folder, config.option.case_seed)
    if config.option.isolation == "require" and not config.option.collectonly:
        given.secret = os.environ.get(SECRET) or secrets.token_hex()
        given.intake = take_in(folder)
        given.folder = given.until_the_end.enter_context(given.intake.copied())
        given.worker = Worker(given.folder, config.option.device)
    return given


@pytest.fixture(scope="session")
def player(pytestconfig: pytest.Config) -> "Player":
    """What plays cases with the solution that is being checked."""
    import torch  # only here: --help and --version need not wait for it

    torch.set_num_threads(1)  # the networks are so small that threads only get in each other's way
    given, device = pytestconfig.stash[_GIVEN], pytestconfig.option.device
    if given.intake is not None and given.worker is not None:
        from grading.isolation.remote import RemotePlayer

        player = RemotePlayer(given.intake, lambda: Worker(given.folder, device), given.worker)
        given.until_the_end.callback(player.close)
        return player
    from grading.player import LocalPlayer

    through = (KeyboardInterrupt, pytest.exit.Exception, pytest.fail.Exception)
    return LocalPlayer(Solution(given.folder, lets_through=through), device)


@pytest.fixture
def case_seed(request: pytest.FixtureRequest) -> int:
    """The seed from which the check's cases are made."""
    return request.config.stash[_GIVEN].seed_for(_check_of(request.node))


@pytest.fixture
def advice(request: pytest.FixtureRequest) -> list[str]:
    """Remarks that cost no points: append to it."""
    return request.node.stash.setdefault(_ADVICE, [])


@pytest.fixture
def remarks(request: pytest.FixtureRequest) -> list[str]:
    """What a check wants to show although it passed: append lines to it."""
    return request.node.stash.setdefault(_REMARKS, [])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast checks first, learning last; leave out what the record already has.

    Under isolation, a check's time limit is the player's to keep.
    """
    items.sort(key=lambda item: item.get_closest_marker("learning") is not None)
    done, only = config.stash[_RUN].results, config.option.only_check
    if only is not None:
        items[:] = [item for item in items if (check := _check_of(item)) and check.id == only]
    again = [item for item in items if (check := _check_of(item)) is None or check.id not in done]
    if len(again) < len(items):
        items[:] = again
    for item in items:
        check = _check_of(item)
        if check is not None:
            kept_here = BACKSTOP if config.stash[_GIVEN].isolated else _limit(config, check)
            item.add_marker(pytest.mark.timeout(kept_here), append=False)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell a watcher which checks there are, so that it can name those that never ran."""
    checks = [check for item in session.items if (check := _check_of(item))]
    session.config.stash[_CHECKS] = checks
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
    player: Any = item.funcargs["player"]  # type: ignore[attr-defined] # every check has one
    player.begin(_limit(item.config, check))


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
            and failure.came_back
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
    run.add(result, came_back=_came_back(call))
    report.user_properties.append(("check", asdict(result)))
    if result.status != "passed":
        optional = check.bonus and result.status == "not_attempted"
        report.outcome = "skipped" if optional else "failed"
        if optional:
            report.longrepr = result.file, result.line or 0, result.message
        elif not _is_the_graders_fault(call):
            report.longrepr = result.message + "\n"
        report.sections = [(name, _shorten(text)) for name, text in report.sections]
    return report


def _came_back(call: pytest.CallInfo[None]) -> bool:
    error = call.excinfo.value if call.excinfo is not None else None
    return error.came_back if isinstance(error, CheckFailed) else True


def _is_the_graders_fault(call: pytest.CallInfo[None]) -> bool:
    return call.excinfo is not None and not isinstance(
        call.excinfo.value, (CheckFailed, _Needs, pytest.fail.Exception)
    )


def _result(
    item: pytest.Item, check: Check, call: pytest.CallInfo[None], run: CheckRun
) -> CheckResult:
    """The result of a check that is over."""
    folder = item.config.stash[_GIVEN].folder
    status: Status = "passed"
    message, where, waits_for = "\n".join(_said(item, _REMARKS)), None, ""
    diagnosis: tuple[str, ...] = ()
    alarm = ""
    if call.excinfo is not None:
        alarm = getattr(call.excinfo.value, "alarm", "")
        status, message, where = _what_went_wrong(_limit(item.config, check), call.excinfo, folder)
        if check.bonus and getattr(call.excinfo.value, "absent", False):
            status = "not_attempted"  # nobody has to take up a challenge
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
        message=message[:MAX_MESSAGE],
        diagnosis=diagnosis,
        advice=tuple(_said(item, _ADVICE)),
        seconds=round(call.duration, 3),
        file=file,
        line=line,
        waits_for=waits_for,
        alarm=alarm,
    )


Place = tuple[str, int | None]
"""A file as a student calls it, and a line if one is known."""


def _what_went_wrong(
    limit: float, raised: pytest.ExceptionInfo[BaseException], folder: Path
) -> tuple[Status, str, Place | None]:
    error = raised.value
    if isinstance(error, CheckFailed):
        return error.status, str(error), (error.file, error.line) if error.file else None
    if isinstance(error, pytest.fail.Exception) and "Timeout" in str(error):
        place = _innermost(raised, folder)
        where = f", at {place[0]}:{place[1]}" if place else ""
        cause = f"it was still running after {limit:g} seconds{where}."
        return "timeout", str(Message(cause, think=ENDLESS)), place
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
    results = config.stash[_RUN].results.values()
    if not results:
        return
    checks = config.stash.get(_CHECKS, [])
    terminalreporter.ensure_newline()
    terminalreporter.section("your points", sep="=")
    grade = Grade(config.option.solution, settle(results, checks))
    for line in (*curves(grade), *table(grade)):
        terminalreporter.write_line(line.text, **_markup(line))


def _markup(line: Line) -> dict[str, bool]:
    names = {"good": "green", "bad": "red", "dim": "light", "strong": "bold"}
    return {names[line.style]: True} if line.style in names else {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell a watcher that nothing more will come, once everything that was started has gone."""
    run = session.config.stash[_RUN]
    try:
        session.config.stash[_GIVEN].until_the_end.close()
    except GraderError as error:
        run.write("fault", id="(the end)", text=str(error))
        raise
    run.write("end")
