"""`nox -s calibrate`: train, choose the rule, measure it, write the data file and the report."""

import argparse
import json
import os
import sys
from pathlib import Path

import torch

from grading.calibration import agreement, plots, report, runs, study
from grading.calibration.agreement import Comparison
from grading.calibration.design import best
from grading.calibration.learners import REFERENCE
from grading.calibration.study import Plan
from grading.calibration.subjects import SUBJECTS
from grading.files import write_whole
from grading.learning.rule import calibration, data_file, rule_in_force
from grading.solution import ROOT

FOLDER = ROOT / "runs" / "calibration"


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
    parser.add_argument("--what", choices=SUBJECTS, default="learning", help="which check's rule")
    asked = parser.parse_args(arguments)
    device = asked.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    subject = SUBJECTS[asked.what]
    plan = Plan(subject, runs.CHUNK if device == "cpu" else runs.BATCH)
    runs.train_missing(plan.every(), asked.folder, asked.workers, device)
    measured = study.measure(plan, asked.folder)
    write_whole(data_file(subject.name), json.dumps(measured, indent=1) + "\n")
    write_report(plan, asked.folder)
    return 0


def write_report(plan: Plan, folder: Path) -> None:
    """The page and its pictures, from what is there."""
    subject = plan.subject
    figures = ROOT / "grading" / subject.figures
    rule = rule_in_force(subject.name)
    tried = study.trade_off(plan, folder)
    chosen = next(option for option in tried if option.shape == subject.shape)
    front = best(tried)
    reference = runs.read(plan.to_count(REFERENCE), folder)
    hardest = {name: runs.read(plan.to_count(name), folder) for name in subject.hardest}
    shown = {name: runs.read(plan.to_count(name), folder) for name in subject.shown}
    curves: list[Comparison] = []
    if plan.plain():
        plain = runs.read(plan.plain(), folder)
        curves = agreement.of_curves(plain, reference[: len(plain)])

    plots.draw(
        figures / "learning_curves.svg",
        lambda ax: plots.learning_curves(ax, {REFERENCE: reference[:5000], **shown}),
    )
    plots.draw(
        figures / "group_means.svg",
        lambda ax: plots.group_means(ax, {REFERENCE: reference, **hardest}, rule),
    )
    plots.draw(
        figures / "bounds.svg",
        lambda ax: plots.bounds(ax, {REFERENCE: reference, **hardest}, rule),
    )
    plots.draw(figures / "trade_off.svg", lambda ax: plots.trade_off(ax, tried, front, chosen))
    page = report.page(subject, calibration(subject.name), rule, front, chosen, curves)
    write_whole(subject.page, page)
    print(page)


if __name__ == "__main__":
    sys.exit(main())
