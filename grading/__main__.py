"""The command line for instructors: `python -m grading grade SUBMISSION`."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from grading.grade import Grade
from grading.isolation.intake import take_in
from grading.isolation.sandbox import NoSandbox, require_sandbox
from grading.provenance import provenance
from grading.record import GraderError
from grading.reports.terminal import curves, failures, table
from grading.seeds import SECRET
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
    grade.add_argument("--seed", type=_seed, metavar="N", help="seed of the cases")
    grade.add_argument("--skip", choices=("learning",), help="leave these checks out")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write the grade here")
    scorecard = commands.add_parser("scorecard", help="measure the grader on its bank (minutes)")
    scorecard.add_argument("--json", type=Path, metavar="FILE", help="write every result here")
    scorecard.add_argument("--markdown", type=Path, metavar="FILE", help="write the page here")
    scorecard.add_argument(
        "--pairs", type=int, default=100, metavar="N", help="pairs of mistakes to try (default 100)"
    )
    scorecard.add_argument("--isolation", choices=("require", "none"), default="none")
    scorecard.add_argument("--exercise", metavar="NAME", help="only this exercise")
    scorecard.add_argument(
        "--kind",
        action="append",
        choices=("mistake", "pair", "variant", "exploit"),
        help="only these; what the file of --json says of anything else is kept",
    )
    scorecard.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args(arguments)
    # So that a grader that is told to end takes along what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return _grade(asked) if asked.command == "grade" else _scorecard(asked)
    except NoSuchSolution as error:
        return _stop(BAD_ARGUMENTS, str(error))
    except NoSandbox as error:
        return _stop(NO_GRADE, f"no grade: {error}; --isolation none gives an advisory grade")
    except GraderError as error:
        return _stop(NO_GRADE, f"no grade: {error}")


def _grade(asked: argparse.Namespace) -> int:
    folder = find_solution(str(Path(asked.submission).absolute()))
    if asked.json is not None and not asked.json.parent.is_dir():
        return _stop(BAD_ARGUMENTS, f"--json: there is no folder {asked.json.parent}")
    isolated = asked.isolation == "require"
    if isolated:
        require_sandbox()
    seed = asked.seed if isolated or asked.seed is not None else 0
    if isolated and seed is not None:
        # What everybody knows is no secret, but each check has its own seed all the same.
        os.environ[SECRET] = f"seed {seed}"
    if asked.device == "cuda" and not _has_cuda():
        return _stop(NO_GRADE, "no grade: --device cuda, but torch sees no CUDA device here")
    request = Request(
        str(folder.parent),
        asked.device,
        None if isolated else seed,
        skip_learning=asked.skip == "learning",
        isolated=isolated,
    )
    grade = Grade(
        submission=Path(asked.submission).resolve().name,
        checks=run_checks(request, _show_progress if sys.stderr.isatty() else None),
        provenance=provenance(take_in(folder).digest(), asked.isolation, asked.device, seed),
    )
    if asked.json is not None:
        _write(asked.json, json.dumps(grade.to_json(), indent=2) + "\n")
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for line in (*curves(grade), *failures(grade), *table(grade)):
        print(line.ansi() if coloured else line.text)
    return 0


def _scorecard(asked: argparse.Namespace) -> int:
    from grading import scorecard  # a student's copy of the course may have no bank
    from grading.reports.scorecard import page

    for file in (asked.json, asked.markdown):
        if file is not None and not file.parent.is_dir():
            return _stop(BAD_ARGUMENTS, f"there is no folder {file.parent}")
    if asked.pairs < 0 or asked.workers < 1:
        return _stop(BAD_ARGUMENTS, "--pairs must not be negative, and --workers at least 1")
    every = {
        "mistake": scorecard.mistakes,
        "variant": scorecard.variants,
        "pair": lambda: scorecard.pairs(asked.pairs, asked.exercise),
        "exploit": scorecard.exploits,
    }
    kinds = asked.kind or list(every)
    trials = [
        trial
        for kind in kinds
        for trial in every[kind]()
        if asked.exercise in (None, trial.exercise)
    ]
    if not trials:
        return _stop(BAD_ARGUMENTS, f"the bank has nothing on an exercise called {asked.exercise}")
    isolated = asked.isolation == "require"
    if isolated or "exploit" in kinds:
        require_sandbox()
    show = _show_progress if sys.stderr.isatty() else None
    results = scorecard.run(trials, asked.workers, show, isolated=isolated)
    if (asked.kind or asked.exercise) and asked.json is not None and asked.json.is_file():
        before = scorecard.from_json(asked.json.read_text("utf-8"))
        results = scorecard.merged(before, results)
    text = page(results, scorecard.checks(), scorecard.number_of_pairs())
    print(text, end="")
    if asked.markdown is not None:
        _write(asked.markdown, text)
    if asked.json is not None:
        _write(asked.json, scorecard.to_json(results))
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
    print(f"\r{done}/{total}", end=end, file=sys.stderr, flush=True)


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
