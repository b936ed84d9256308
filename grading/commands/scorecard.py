"""`python -m grading scorecard`."""

import argparse
import os
import sys
from pathlib import Path

from grading.commands import require_place, show_progress
from grading.errors import BadArguments
from grading.files import write_whole
from grading.isolation.sandbox import require_sandbox


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every result here")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page here")
    parser.add_argument(
        "--pairs", type=int, default=100, metavar="N", help="pairs of mistakes to try (default 100)"
    )
    parser.add_argument("--isolation", choices=("require", "none"), default="none")
    parser.add_argument("--exercise", metavar="NAME", help="only this exercise")
    parser.add_argument(
        "--kind",
        action="append",
        choices=("mistake", "pair", "variant", "exploit"),
        help="only these; what the file of --json says of anything else is kept",
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")


def run(asked: argparse.Namespace) -> int:
    """Measure the grader on its bank."""
    from grading import scorecard  # a student's copy of the course may have no bank
    from grading.reports.scorecard import page

    require_place(asked.json, "--json")
    require_place(asked.markdown, "--markdown")
    if asked.pairs < 0 or asked.workers < 1:
        raise BadArguments("--pairs must not be negative, and --workers at least 1")
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
        raise BadArguments(f"the bank has nothing on an exercise called {asked.exercise}")
    isolated = asked.isolation == "require"
    if isolated or "exploit" in kinds:
        require_sandbox()
    show = show_progress if sys.stderr.isatty() else None
    results = scorecard.run(trials, asked.workers, show, isolated=isolated)
    if (asked.kind or asked.exercise) and asked.json is not None and asked.json.is_file():
        before = scorecard.from_json(asked.json.read_text("utf-8"))
        results = scorecard.merged(before, results, kinds, asked.exercise)
    text = page(results, scorecard.checks(), scorecard.number_of_pairs())
    print(text, end="")
    if asked.markdown is not None:
        write_whole(asked.markdown, text)
    if asked.json is not None:
        write_whole(asked.json, scorecard.to_json(results))
    return 0
