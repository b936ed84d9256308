"""`python -m grading grade SUBMISSION`."""

import argparse
import os
import sys
from pathlib import Path

from grading.commands import require_place, seed, show_progress
from grading.errors import GraderError
from grading.files import write_whole
from grading.isolation.sandbox import require_sandbox
from grading.reports.terminal import whole
from grading.seeds import SECRET
from grading.solution import find_solution
from grading.submission import Terms, grade_submission


def add_terms(parser: argparse.ArgumentParser) -> None:
    """The options that say how submissions are graded."""
    parser.add_argument("--isolation", choices=("require", "none"), default="require")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the cases")
    parser.add_argument("--skip", choices=("learning",), help="leave these checks out")


def terms(asked: argparse.Namespace) -> Terms:
    """The terms that were asked for. Raises NoSandbox or GraderError if they cannot be met."""
    isolated = asked.isolation == "require"
    if isolated:
        require_sandbox()
    if asked.device == "cuda":
        import torch  # takes seconds, and only this option needs it here

        if not torch.cuda.is_available():
            raise GraderError("--device cuda, but torch sees no CUDA device here")
    secret = os.environ.get(SECRET, "")
    return Terms(isolated, asked.device, asked.seed, asked.skip == "learning", secret)


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("submission", help="a folder that holds exercises/; . is the working tree")
    add_terms(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the grade here")


def run(asked: argparse.Namespace) -> int:
    """Grade one submission."""
    submission = Path(asked.submission)
    find_solution(str(submission.absolute()))  # what is not there needs no sandbox
    require_place(asked.json, "--json")
    progress = show_progress if sys.stderr.isatty() else None
    grade = grade_submission(submission, terms(asked), progress)
    if asked.json is not None:
        write_whole(asked.json, grade.text())
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in whole(grade):
        print(line.ansi() if coloured else line.text)
    return 0
