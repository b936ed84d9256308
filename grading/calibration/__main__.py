"""`nox -s calibrate`: train, choose the rule, measure it, write the data file and the report."""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch

from grading.binomial import upper_bound
from grading.calibration import agreement, gradings, plots, report, runs, study
from grading.calibration.design import SHAPE, best
from grading.calibration.gradings import Grading
from grading.calibration.learners import REFERENCE
from grading.calibration.study import HARDEST, Plan
from grading.files import write_whole
from grading.learning.rule import FILE, calibration, rule_in_force
from grading.solution import ROOT

FOLDER = ROOT / "runs" / "calibration"
PAGE = ROOT / "grading" / "CALIBRATION.md"
FIGURES = ROOT / "grading" / "calibration" / "figures"
SHOWN = ("no baseline", "untrained critic", "permuted", "sign flipped", "mean for sum")
"""Learners that the picture of learning curves has, beside the reference."""


@dataclass(frozen=True)
class Graded:
    """How many complete gradings are made, the reference's first."""

    reference: int = 1000
    variants: int = 200


def main(arguments: list[str] | None = None) -> int:
    """Everything that is not there yet is trained; Ctrl-C loses only what is not finished."""
    parser = argparse.ArgumentParser(prog="python -m grading.calibration", description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where learning curves are kept"
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="auto: a GPU, if any",
    )
    parser.add_argument(
        "--gradings",
        action="store_true",
        help="also the check itself: 1,000 times the reference, 200 times each variant (hours)",
    )
    asked = parser.parse_args(arguments)
    device = asked.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    plan = Plan(chunk=runs.CHUNK if device == "cpu" else runs.BATCH)
    runs.train_missing(plan.every(), asked.folder, asked.workers, device)
    write_whole(FILE, json.dumps(study.measure(plan, asked.folder), indent=1) + "\n")
    made = Graded() if asked.gradings else Graded(0, 0)
    file = asked.folder / f"gradings-{rule_in_force().digest}.jsonl"
    graded = gradings.grade_missing(wanted(made), file, asked.workers)
    write_report(plan, asked.folder, graded)
    return 0


def wanted(made: Graded) -> list[tuple[str, int]]:
    """Which gradings: (solution, seed)."""
    return [
        *((REFERENCE, seed) for seed in range(made.reference)),
        *(
            (name, 10_000 * number + seed)
            for number, name in enumerate(gradings.variants(), 1)
            for seed in range(made.variants)
        ),
    ]


def write_report(plan: Plan, folder: Path, graded: list[Grading]) -> None:
    """The page and its pictures, from what is there."""
    rule = rule_in_force()
    tried = study.trade_off(plan, folder)
    chosen = next(option for option in tried if option.shape == SHAPE)
    front = best(tried)
    reference = runs.read(plan.to_count(REFERENCE), folder)
    hardest = {name: runs.read(plan.to_count(name), folder) for name in HARDEST}
    shown = {name: runs.read(plan.to_count(name), folder) for name in SHOWN}
    plain = runs.read(plan.plain(), folder)

    plots.draw(
        FIGURES / "learning_curves.svg",
        lambda ax: plots.learning_curves(ax, {REFERENCE: reference[:5000], **shown}),
    )
    plots.draw(
        FIGURES / "group_means.svg",
        lambda ax: plots.group_means(ax, {REFERENCE: reference, **hardest}, rule),
    )
    plots.draw(
        FIGURES / "bounds.svg",
        lambda ax: plots.bounds(ax, {REFERENCE: reference, **hardest}, rule),
    )
    plots.draw(FIGURES / "trade_off.svg", lambda ax: plots.trade_off(ax, tried, front, chosen))
    page = report.page(
        calibration(),
        rule,
        front,
        chosen,
        agreement.of_curves(plain, reference[: len(plain)]),
        compared(graded),
        summary([one for one in graded if one.solution == REFERENCE]),
    )
    write_whole(PAGE, page)
    print(page)


def compared(graded: list[Grading]) -> list[agreement.Comparison]:
    """Each variant with the reference."""
    by_solution: dict[str, list[Grading]] = {}
    for one in graded:
        by_solution.setdefault(one.solution, []).append(one)
    reference = by_solution.pop(REFERENCE, [])
    return [agreement.of_gradings(reference, some, name) for name, some in by_solution.items()]


def summary(graded: list[Grading]) -> dict[str, float]:
    """Of the reference's gradings."""
    if not graded:
        return {}
    failed = sum(not one.passed for one in graded)
    return {
        "count": len(graded),
        "failed": failed,
        "below": upper_bound(failed, len(graded)),
        "seconds": median(one.seconds for one in graded),
    }


if __name__ == "__main__":
    sys.exit(main())
