"""`nox -s gradings`: the learning check itself, many times over, and what came of it.

A calibration trains the reference's update for all runs at once; here solutions are trained as they
are, one update after the other, as in a grade.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from grading.binomial import upper_bound
from grading.calibration.agreement import Comparison, same
from grading.calibration.learners import REFERENCE
from grading.calibration.report import comparisons
from grading.files import write_whole
from grading.learning.audit import AGREEMENT, MAX_JUMP
from grading.learning.group import train_group, trained_by
from grading.learning.rule import Rule, judge, rule_in_force, statistic
from grading.oracle import Reference, reference_function
from grading.outcome import Raised
from grading.solution import ROOT, Solution

STEP = "actor_critic_step"
FOLDER = ROOT / "runs" / "gradings"
PAGE = ROOT / "grading" / "GRADINGS.md"
VARIANTS = ROOT / "grading" / "bank" / "variants"


@dataclass(frozen=True)
class Grading:
    """What one group came to."""

    solution: str
    seed: int
    failed: bool
    """By the rule, or by the audit of its updates."""
    episodes: int
    """After which it ended."""
    first: float
    """The statistic at the first look."""
    seconds: float


def variants() -> list[str]:
    """The honest variants of the step."""
    return sorted(path.stem for path in (VARIANTS / STEP).glob("*.py"))


def variant(name: str) -> Callable[..., Any]:
    """The step of an honest variant."""
    found = Solution(VARIANTS, package="variants").function(f"{STEP}/{name}", STEP)
    assert not isinstance(found, Raised)
    return found


def grade(solution: str, seed: int) -> Grading:
    """Train and judge a group, with the reference's audit: a variant's up to the first look."""
    torch.set_num_threads(1)
    step = reference_function(STEP, STEP) if solution == REFERENCE else variant(solution)
    rule = rule_in_force()
    first = rule.looks[0].episodes
    asked = rule if solution == REFERENCE else replace(rule, looks=rule.looks[:1])
    begun = time.perf_counter()
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),  # one of them prints
        warnings.catch_warnings(action="ignore"),
    ):
        group = train_group(
            trained_by(step),
            seed,
            asked,
            until=lambda rewards, finished: judge(rewards, finished, rule) is not None,
            audit=Reference(),
        )
    taken = time.perf_counter() - begun
    verdict = judge(group.rewards, group.finished, rule)
    assert group.audit is not None
    agrees = group.audit.cosine >= AGREEMENT and group.largest_change <= MAX_JUMP
    return Grading(
        solution,
        seed,
        not agrees or (verdict is not None and not verdict.passed),
        group.finished,
        statistic(group.rewards, first, rule.window),
        round(taken, 2),
    )


def grade_missing(wanted: Iterable[tuple[str, int]], file: Path, workers: int) -> list[Grading]:
    """Grade what the file has not; every grading is a line of it as soon as it is made."""
    wanted = list(wanted)
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    found = {(g.solution, g.seed): g for g in (Grading(**json.loads(line)) for line in lines)}
    missing = [one for one in wanted if one not in found]
    context = multiprocessing.get_context("spawn")
    with (
        file.open("a", encoding="utf-8") as out,
        tqdm(total=len(missing), unit=" gradings", dynamic_ncols=True) as bar,
        ProcessPoolExecutor(workers, mp_context=context) as pool,
    ):
        asked = [pool.submit(grade, *one) for one in missing]
        try:
            for done in as_completed(asked):
                made = done.result()
                print(json.dumps(asdict(made)), file=out, flush=True)
                found[made.solution, made.seed] = made
                bar.update()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return list(found.values())


def wanted(reference: int, variant: int) -> list[tuple[str, int]]:
    """Which gradings, the reference's first: (solution, seed)."""
    return [
        *((REFERENCE, seed) for seed in range(reference)),
        *(
            (name, 10_000 * number + seed)
            for number, name in enumerate(variants(), 1)
            for seed in range(variant)
        ),
    ]


def page(graded: Iterable[Grading], rule: Rule) -> str:
    """What came of them, as Markdown: the reference's, and each variant's beside it."""
    by_solution: dict[str, list[Grading]] = {}
    for one in sorted(graded, key=lambda one: one.solution):
        by_solution.setdefault(one.solution, []).append(one)
    reference = by_solution.pop(REFERENCE)
    parts = [
        "# Gradings of the learning check\n",
        f"Made by `nox -s gradings` with the rule `{rule.digest}` of `learning/calibration.json`:"
        " the learning\ncheck itself, with its audit, each time on another seed.\n",
        "## The reference\n",
        failures(reference),
        f"On average a verdict came after {mean(one.episodes for one in reference):.0f} episodes;"
        f" at the median it took {median(one.seconds for one in reference):.1f} seconds,\nas many"
        " side by side as there are cores.\n",
    ]
    if by_solution:
        others = [one for some in by_solution.values() for one in some]
        parts += [
            "## Honest variants\n",
            "Do those who write the step in another way learn like the reference? Kolmogorov and"
            " Smirnov's two-sample test\ncompares the groups' statistics at the first look, where"
            " the variants' gradings end.\n",
            *comparisons([compared(reference, some) for some in by_solution.values()]),
            failures(others),
        ]
    return "\n".join(parts).rstrip() + "\n"


def failures(graded: list[Grading]) -> str:
    """How many there were."""
    failed = sum(one.failed for one in graded)
    return (
        f"{failed} of {len(graded):,} gradings failed: a probability below "
        f"{upper_bound(failed, len(graded)):.1e} (Clopper and Pearson, 95%).\n"
    )


def compared(reference: list[Grading], variant: list[Grading]) -> Comparison:
    """The groups' statistics at the first look."""
    one, other = (np.array([grading.first for grading in some]) for some in (reference, variant))
    return same(variant[0].solution, one, other)


def main(arguments: list[str] | None = None) -> int:
    """Every grading that is not there yet is made; Ctrl-C loses only those that are under way."""
    parser = argparse.ArgumentParser(prog="python -m grading.calibration.gradings")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where gradings are kept")
    parser.add_argument("--reference", type=int, default=1000, help="gradings of the reference")
    parser.add_argument("--variant", type=int, default=200, help="gradings of each variant")
    asked = parser.parse_args(arguments)
    rule = rule_in_force()
    made = grade_missing(
        wanted(asked.reference, asked.variant), asked.folder / f"{rule.digest}.jsonl", asked.workers
    )
    write_whole(PAGE, page(made, rule))
    print(page(made, rule))
    return 0


if __name__ == "__main__":
    sys.exit(main())
