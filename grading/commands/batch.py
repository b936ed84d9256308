"""`python -m grading batch CLASS_DIR --out OUT`."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from tqdm import tqdm

from grading.batch import Job, grade_job, submissions
from grading.batch import run as run_jobs
from grading.class_report import entries_of, write_report
from grading.cluster import cluster
from grading.commands import NO_GRADE
from grading.commands.grade import add_terms, terms
from grading.errors import BadArguments
from grading.reports.gradebooks import Entry
from grading.roster import read_roster

INTERRUPTED = 130


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("class_dir", type=Path, help="a folder; each subfolder is a submission")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="what to write into")
    add_terms(parser)
    parser.add_argument("--roster", type=Path, metavar="CSV", help="who is who")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="grade these submissions only"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep the grades in DIR of submissions that have not changed since",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="submissions side by side (default: the number of processors)",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a running Dask cluster: tcp://host:8786"
    )
    parser.add_argument("--title", default="Actor-Critic: the class", help="of the page")


def run(asked: argparse.Namespace) -> int:
    """Grade a class, and report on it."""
    class_dir, out = asked.class_dir.absolute(), asked.out.absolute()
    if asked.workers < 1:
        raise BadArguments("--workers must be at least 1")
    if out.resolve().parent == class_dir.resolve():
        raise BadArguments("--out must not be in CLASS_DIR: it would be taken for a submission")
    roster = read_roster(asked.roster) if asked.roster is not None else []
    everyone, chosen = submissions(class_dir), submissions(class_dir, asked.only)
    how, batch = terms(asked), secrets.token_hex(8)
    out.mkdir(parents=True, exist_ok=True)
    jobs = [Job(str(one), str(out / one.name), how, batch, asked.resume) for one in chosen]
    problems: dict[str, str] = {}
    done = 0
    stop = Event()
    interrupted = False
    try:
        with _executor(asked, stop) as (executor, grade), _progress(len(jobs)) as progress:
            for job, problem in run_jobs(jobs, executor, grade):
                done += 1
                progress.update()
                if problem:
                    problems[Path(job.submission).name] = problem
    except KeyboardInterrupt:
        interrupted = True
    finally:
        # Also if it is cut short: what is finished is to be seen.
        entries = entries_of(everyone, out, roster, problems)
        write_report(asked.title, everyone, out, roster, entries)
    return _say(entries, problems, out, done, len(jobs), interrupted)


@contextmanager
def _executor(
    asked: argparse.Namespace, stop: Event
) -> Iterator[tuple[Executor, Callable[[Job], str]]]:
    """What runs the jobs, and how each is run."""
    if asked.scheduler is not None:
        with cluster(asked.scheduler) as executor:
            yield executor, grade_job
        return
    with ThreadPoolExecutor(asked.workers) as executor:
        try:
            yield executor, partial(grade_job, stop=stop.is_set)
        finally:
            stop.set()


def _progress(total: int) -> "tqdm[Any]":
    """A bar with the time left, if there is somebody to see it."""
    return tqdm(total=total, unit="submission", disable=not sys.stderr.isatty(), dynamic_ncols=True)


def _say(
    entries: Sequence[Entry],
    problems: dict[str, str],
    out: Path,
    done: int,
    total: int,
    interrupted: bool,
) -> int:
    """The end of it, in a few lines; the exit status."""
    scores = [entry.grade.score for entry in entries if entry.grade is not None]
    if scores:
        print(f"{len(scores)} graded, mean score {sum(scores) / len(scores):.1f}")
    print(f"see {out / 'class.html'}, and grades.csv beside it")
    for name, problem in problems.items():
        print(f"no grade for {name}: {problem}", file=sys.stderr)
    if interrupted:
        print(
            f"stopped: {done} of {total} done; the same command with --resume goes on",
            file=sys.stderr,
        )
        return INTERRUPTED
    return NO_GRADE if problems else 0
