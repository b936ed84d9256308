"""`nox -s calibrate_lander`: how surely the reference's plan lands, and which numbers never do.

Every ten runs are a file, so a study that was broken off goes on where it was.
"""

import argparse
import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from zlib import crc32

import torch
from tqdm import tqdm

from grading.binomial import upper_bound
from grading.files import write_whole
from grading.learning.landing import FILE, NEEDED, RUNS, fails
from grading.oracle import reference_function
from grading.provenance import versions
from grading.solution import ROOT
from lesson.lander import BUDGET, LANDS, LAST, Plan, fly

FOLDER = ROOT / "runs" / "lander"
PAGE = ROOT / "grading" / "LANDER.md"
SIDE_BY_SIDE = 10
CHOSEN_FROM, COUNTED, SWEPT = 40, 160, 10
"""Runs of the reference that the bar was chosen from, and to count; runs of each other plan."""

SWEEP: dict[str, tuple[float, ...]] = {
    "actor_lr": (0.0001, 0.0003, 0.05, 0.2),
    "critic_lr": (0.0, 0.0001, 1.0),
    "hidden_dim": (1, 2, 4, 16),
    "episodes": (100, 200),
    "beta": (10.0, 50.0),
    "value_coefficient": (0.0, 0.01, 0.1, 0.5, 5.0),
}
"""Numbers that are tried in the place of the reference's; the last of them with a shared trunk."""


Results = dict[str, Any]
Sweep = dict[tuple[str, float], Results]


@dataclass(frozen=True)
class Chunk:
    """Runs of one plan, trained side by side."""

    plan: Plan
    index: int

    @property
    def path(self) -> str:
        """Of its file, below the folder of a study."""
        words = "-".join(f"{value:g}" for value in self.plan)
        return f"{words}/{SIDE_BY_SIDE}-runs-{self.index:03}.json"

    @property
    def seed(self) -> int:
        """Another one for each plan and chunk; far from those of the checks."""
        return 1_000_000 + crc32(self.path.encode())


def main(arguments: list[str] | None = None) -> int:
    """Everything that is not there yet is trained; Ctrl-C loses only what is not finished."""
    parser = argparse.ArgumentParser(
        prog="python -m grading.calibration.lander", description=__doc__
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results are kept")
    asked = parser.parse_args(arguments)
    plan: Plan = reference_function("challenges/lunar_lander", "choose_plan")()
    swept = {(name, value): _with(plan, name, value) for name in SWEEP for value in SWEEP[name]}
    chunks = counted(plan)
    chunks += [chunk for one in swept.values() for chunk in tried(one)]
    train_missing(chunks, asked.folder, asked.workers)
    reference = results(counted(plan), asked.folder)
    sweep = {which: results(tried(one), asked.folder) for which, one in swept.items()}
    found = measure(plan, reference, sweep)
    write_whole(FILE, json.dumps(found, indent=1) + "\n")
    write_whole(PAGE, page(plan, found["reference"], sweep))
    print(PAGE.read_text("utf-8"))
    return 0


def counted(plan: Plan) -> list[Chunk]:
    """The reference's runs that are counted; those before them, the bar was chosen from."""
    first = CHOSEN_FROM // SIDE_BY_SIDE
    return [Chunk(plan, first + i) for i in range(COUNTED // SIDE_BY_SIDE)]


def tried(plan: Plan) -> list[Chunk]:
    """Those of another plan."""
    return [Chunk(plan, i) for i in range(SWEPT // SIDE_BY_SIDE)]


def _with(plan: Plan, name: str, value: float) -> Plan:
    changed = plan._replace(**{name: value})  # type: ignore[arg-type] # of its field's type
    return changed._replace(shared=True) if name == "value_coefficient" else changed


def train_missing(chunks: list[Chunk], folder: Path, workers: int) -> None:
    """Train the chunks that have no file yet, with a progress bar."""
    missing = [chunk for chunk in dict.fromkeys(chunks) if not (folder / chunk.path).is_file()]
    with (
        tqdm(total=len(missing) * SIDE_BY_SIDE, unit=" runs", dynamic_ncols=True) as bar,
        ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        asked = [pool.submit(train, chunk, folder) for chunk in missing]
        try:
            for done in as_completed(asked):
                done.result()
                bar.update(SIDE_BY_SIDE)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def train(chunk: Chunk, folder: Path) -> None:
    """Train a chunk and write its file."""
    torch.set_num_threads(1)
    begun = perf_counter()
    flight, _ = fly(chunk.plan, SIDE_BY_SIDE, chunk.seed)
    found = {
        "ends": [None if end != end else round(end, 2) for end in flight.ends],
        "steps": flight.steps,
        "seconds": round(perf_counter() - begun, 1),
    }
    path = folder / chunk.path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(found))


def results(chunks: list[Chunk], folder: Path) -> Results:
    """What became of the runs of a plan."""
    found = [json.loads((folder / chunk.path).read_text("utf-8")) for chunk in chunks]
    ends = [end for one in found for end in one["ends"]]
    finite = [end for end in ends if end is not None]
    landed = sum(end >= LANDS for end in finite)
    return {
        "runs": len(ends),
        "landed": landed,
        "mean_return": round(sum(finite) / len(finite)) if finite else None,
        "lands_above": round(1 - upper_bound(len(ends) - landed, len(ends)), 4),
        "steps": sum(one["steps"] for one in found),
        "seconds": round(sum(one["seconds"] for one in found)),
    }


def measure(plan: Plan, reference: Results, sweep: Sweep) -> dict[str, Any]:
    """The contents of the data file, which does not give the plan away."""
    return {
        "reference": reference | {"fails_below": fails(reference["lands_above"])},
        "limits": {name: limits(plan, name, sweep) for name in SWEEP},
        "versions": versions(),
    }


def limits(plan: Plan, name: str, sweep: Sweep) -> tuple[float | None, float | None]:
    """The nearest numbers below and above with which no run landed; None where some always did.

    They lie outside of all with which some run did, so nothing that lands is out of range as far
    as was tried.
    """
    tried = {value: found["landed"] for (one, value), found in sweep.items() if one == name}
    if name != "value_coefficient":
        tried[getattr(plan, name)] = COUNTED
    good = [value for value, landed in tried.items() if landed]
    below = [value for value in tried if good and value < min(good)]
    above = [value for value in tried if good and value > max(good)]
    return max(below, default=None), min(above, default=None)


def page(plan: Plan, reference: Results, sweep: Sweep) -> str:
    """The report."""
    words = ", ".join(f"{name}={value:g}" for name, value in plan._asdict().items())
    lines = [
        "# Landing: how surely, and with which numbers never",
        "",
        "Written by `nox -s calibrate_lander`.",
        "",
        f"A run may take {BUDGET:,} steps of LunarLander-v3. It lands if the mean return of its "
        f"last {LAST} episodes is at least {LANDS:g}. A plan passes if {NEEDED} of at most {RUNS} "
        "runs land.",
        "",
        f"The reference's plan is {words}.",
        "",
        f"- {reference['landed']} of {reference['runs']} independent runs landed, so a run lands "
        f"with a probability above {reference['lands_above']:.3f} (Clopper and Pearson, 95%). "
        "These runs are others than those that the bar was chosen from.",
        f"- Runs are independent, so the reference fails the check with a probability below "
        f"{reference['fails_below']:.1e}: that of fewer than {NEEDED} successes in {RUNS}.",
        f"- These runs took {reference['steps']:,} steps and {reference['seconds']:,} seconds of "
        f"one core, {reference['steps'] / reference['seconds']:,.0f} steps/s.",
        "",
        f"One number changed, {SWEPT} runs each (the value coefficient with a shared trunk):",
        "",
        "| number | | runs that land | mean return | such a plan passes |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for (name, value), found in sweep.items():
        passes = 1 - fails(found["landed"] / found["runs"]) if found["landed"] else 0.0
        lines.append(
            f"| {name} | {value:g} | {found['landed']} of {found['runs']} | "
            f"{found['mean_return']} | {passes:.1%} |"
        )
    lines += [
        "",
        "The last column takes the share of runs that landed for their probability. Where none",
        "landed, such a number and any beyond is refused without training.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
