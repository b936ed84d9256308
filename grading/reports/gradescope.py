"""The grade for Gradescope: `results.json`.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from typing import Any

from grading.grade import CheckResult, Grade
from grading.reports.markdown import feedback, fenced


def results(grade: Grade) -> dict[str, Any]:
    """The content of `results.json`; Gradescope adds up nothing itself."""
    return {
        "score": grade.score,
        "output": feedback(grade),
        "output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(check) for check in grade.checks],
        "leaderboard": [{"name": "points", "value": grade.score}],
    }


def _test(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.title + (" (bonus)" if check.bonus else ""),
        "score": check.points,
        "max_score": check.max_points,
        "status": "passed" if check.status == "passed" else "failed",
        "output": fenced(check.message) if check.message else "",
        "output_format": "md",
        "visibility": "visible",
    }
