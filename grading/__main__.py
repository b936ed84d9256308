"""The command line for instructors: `python -m grading grade SUBMISSION`."""

import argparse
import json
import os
import sys
from pathlib import Path

from grading.grade import Grade
from grading.provenance import provenance
from grading.record import GraderError
from grading.reports.terminal import curves, failures, table
from grading.session import Request, run_checks
from grading.solution import NoSuchSolution, find_solution

BAD_ARGUMENTS = 2
NO_GRADE = 3


def main(arguments: list[str] | None = None) -> int:
    """Run a command. 0: a grade was produced; 2: bad arguments; 3: the grader could not work."""
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", help="grade one submission")
    grade.add_argument("submission", help="a folder that holds exercises/; . is the working tree")
    grade.add_argument("--isolation", choices=("require", "none"), default="require")
    grade.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    grade.add_argument("--seed", type=_seed, default=0, metavar="N", help="seed of the cases")
    grade.add_argument("--skip", choices=("learning",), help="leave these checks out")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write the grade here")
    asked = parser.parse_args(arguments)
    try:
        return _grade(asked)
    except NoSuchSolution as error:
        return _stop(BAD_ARGUMENTS, str(error))
    except GraderError as error:
        return _stop(NO_GRADE, f"no grade: {error}")


def _grade(asked: argparse.Namespace) -> int:
    folder = find_solution(str(Path(asked.submission).absolute()))
    if asked.json is not None and not asked.json.parent.is_dir():
        return _stop(BAD_ARGUMENTS, f"--json: there is no folder {asked.json.parent}")
    if asked.isolation == "require":
        return _stop(
            NO_GRADE,
            "no grade: isolation is required, and this version has no sandbox yet; "
            "--isolation none gives an advisory grade",
        )
    if asked.device == "cuda" and not _has_cuda():
        return _stop(NO_GRADE, "no grade: --device cuda, but torch sees no CUDA device here")
    request = Request(
        str(folder.parent), asked.device, asked.seed, skip_learning=asked.skip == "learning"
    )
    grade = Grade(
        submission=Path(asked.submission).resolve().name,
        checks=run_checks(request, _show_progress if sys.stderr.isatty() else None),
        provenance=provenance(folder, asked.isolation, asked.device, asked.seed),
    )
    if asked.json is not None:
        _write(asked.json, json.dumps(grade.to_json(), indent=2) + "\n")
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in (*curves(grade), *failures(grade), *table(grade)):
        print(line.ansi() if coloured else line.text)
    return 0


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**32:
        raise argparse.ArgumentTypeError(f"a seed is from 0 to {2**32 - 1}, not {seed}")
    return seed


def _has_cuda() -> bool:
    import torch  # takes seconds, and only this option needs it here

    return torch.cuda.is_available()


def _show_progress(done: int, total: int) -> None:
    end = "\r" if done < total else "\r\x1b[K"  # the line is gone when the report comes
    print(f"\r{done}/{total} checks", end=end, file=sys.stderr, flush=True)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def _stop(status: int, reason: str) -> int:
    print(f"python -m grading: {reason}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
