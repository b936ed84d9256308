"""`nox -s calibrate`: train, choose the rule, measure it, write the data file and the report."""

import argparse
import json
import os
import sys
from pathlib import Path

import torch

from grading.calibration import agreement, plots, report, runs, study
from grading.calibration.design import SHAPE, best
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
    asked = parser.parse_args(arguments)
    device = asked.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    plan = Plan(chunk=runs.CHUNK if device == "cpu" else runs.BATCH)
    runs.train_missing(plan.every(), asked.folder, asked.workers, device)
    write_whole(FILE, json.dumps(study.measure(plan, asked.folder), indent=1) + "\n")
    write_report(plan, asked.folder)
    return 0


def write_report(plan: Plan, folder: Path) -> None:
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
    )
    write_whole(PAGE, page)
    print(page)


if __name__ == "__main__":
    sys.exit(main())
