"""The grade for the action `classroom-resources/autograding-grading-reporter@v1` of GitHub.

The reporter takes results of several *runners*. Its table gives a runner the share of its tests
that passed, times its maximum; its annotation adds up the points of the tests. For both to be
right, the checks that are worth the same make one runner.

Format (version 3): the README and source of the reporter, and of the graders that feed it.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from grading.checks import Check
from grading.grade import CheckResult, Grade

One = TypeVar("One", CheckResult, Check)

MAX_MESSAGE = 1_000
"""Characters of a message: a runner's results travel in one environment variable, of 128 KiB."""

MAX_TESTS = 20
"""Of a runner, for the same reason."""


def results(grade: Grade) -> dict[str, dict[str, Any]]:
    """The results of each runner, by its name: `points4`."""
    return {name: _result(checks) for name, checks in runners(grade.checks).items()}


def runners(checks: Sequence[CheckResult]) -> dict[str, list[CheckResult]]:
    """The checks of each runner: worth the same, and few enough for exact numbers; no bonus."""
    return _runners(checks, lambda check: check.max_points)


def runners_of(checks: Sequence[Check]) -> dict[str, list[Check]]:
    """The same, for checks without results."""
    return _runners(checks, lambda check: check.points)


def _runners(checks: Sequence[One], points: Callable[[One], int]) -> dict[str, list[One]]:
    found: dict[str, list[One]] = {}
    counted = [check for check in checks if not check.bonus]
    for worth in sorted({points(check) for check in counted}):
        same = [check for check in counted if points(check) == worth]
        most = max(n for n in range(1, min(len(same), MAX_TESTS) + 1) if _is_exact(n, worth))
        for number, first in enumerate(range(0, len(same), most), start=1):
            name = f"points{worth}" + (f"x{number}" if len(same) > most else "")
            found[name] = same[first : first + most]
    return found


def _is_exact(tests: int, worth: int) -> bool:
    """Whether the table's floating-point arithmetic gives whole points, however many pass."""
    return all(passed / tests * (worth * tests) == worth * passed for passed in range(tests + 1))


def outputs(grade: Grade) -> str:
    """What a step writes to $GITHUB_OUTPUT: a line for each runner, in base64."""
    return "".join(
        f"{name}={base64.b64encode(json.dumps(result, ensure_ascii=False).encode()).decode()}\n"
        for name, result in results(grade).items()
    )


def _result(checks: Sequence[CheckResult]) -> dict[str, Any]:
    tests = [_test(check) for check in checks]
    return {
        "version": 3,
        "status": "pass" if all(test["status"] == "pass" for test in tests) else "fail",
        "max_score": sum(check.max_points for check in checks),
        "tests": tests,
    }


def _test(check: CheckResult) -> dict[str, Any]:
    message = check.message
    if len(message) > MAX_MESSAGE:
        message = message[:MAX_MESSAGE] + "\n..."
    return {
        "name": f"{check.title.rstrip('.')} ({check.points}/{check.max_points})",
        # Of an "error" the reporter prints the message as it stands, of a "fail" the name.
        "status": "pass" if check.status == "passed" else "fail",
        "score": check.points,
        "message": message,
        "test_code": "",
        "task_id": "",
        "filename": check.file,
        "line_no": 0 if check.status == "passed" else check.line or 0,
        "duration": round(check.seconds * 1000),
        "output": "",
    }
