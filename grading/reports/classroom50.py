"""The grade for Classroom 50: `result.json`, schema `classroom50/result/v1`.

Format: schemas/result-v1.schema.json of foundation50/classroom50.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from grading.grade import CheckResult, Grade

SCHEMA = "classroom50/result/v1"
VARIABLES = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "USERNAME")
"""What the runner tells of the submission; REVIEW_URL may be missing."""


def result(grade: Grade, environment: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The content of `result.json`. Raises ValueError if the runner does not say whose it is."""
    missing = [name for name in VARIABLES if not environment.get(name)]
    if missing:
        raise ValueError(f"Classroom 50's runner sets {', '.join(missing)}: run this from there")
    return {
        "schema": SCHEMA,
        "classroom": environment["CLASSROOM"],
        "assignment": environment["ASSIGNMENT"],
        "assignment_type": environment.get("MODE") or "individual",
        "owner": environment["USERNAME"],
        "submission": environment["SUBMISSION_TAG"],
        "commit": environment["COMMIT_URL"],
        "release": environment["RELEASE_URL"],
        "review": environment.get("REVIEW_URL") or environment["COMMIT_URL"],
        "datetime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": grade.score,
        "max-score": grade.max_score,
        "tests": [_test(check) for check in grade.checks if not check.bonus],
    }


def _test(check: CheckResult) -> dict[str, Any]:
    return {
        "test-name": check.title,
        "passed": check.status == "passed",
        "score": check.points,
        "max-score": check.max_points,
        "id": check.id,
        "status": check.status,
        "message": check.message,
        "diagnosis": list(check.diagnosis),
    }
