"""`python -m grading report FORMAT grade.json`."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grading.commands import require_place
from grading.errors import BadArguments
from grading.files import write_whole
from grading.grade import Grade, grade_from_json
from grading.reports import classroom, classroom50, gradescope, markdown, terminal


def _terminal(grade: Grade) -> str:
    return "".join(f"{line.text}\n" for line in terminal.whole(grade))


def _json(data: Any) -> str:
    return json.dumps(data, indent=2) + "\n"


def _classroom50(grade: Grade) -> str:
    try:
        return _json(classroom50.result(grade, os.environ, datetime.now(UTC)))
    except ValueError as error:
        raise BadArguments(str(error)) from error


FORMATS: dict[str, Callable[[Grade], str]] = {
    "terminal": _terminal,
    "markdown": markdown.feedback,
    "classroom": lambda grade: _json(classroom.results(grade)),
    "classroom-outputs": classroom.outputs,
    "classroom50": _classroom50,
    "gradescope": lambda grade: _json(gradescope.results(grade)),
}


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("grade", type=Path, help="a grade.json")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it here (default: print)")


def run(asked: argparse.Namespace) -> int:
    """Write one report of one grade."""
    require_place(asked.out, "--out")
    try:
        grade = grade_from_json(json.loads(asked.grade.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadArguments(f"{asked.grade}: {error}") from error
    text = FORMATS[asked.format](grade)
    if asked.out is None:
        sys.stdout.write(text)
    else:
        write_whole(asked.out, text)
    return 0
