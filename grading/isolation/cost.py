"""What isolation costs: `nox -s isolation_cost` prints ratios from one run.

Whole grades of the reference with and without a sandbox, one after the other in turn; processor
time is that of the whole machine, so nothing else should run. And the round trip of a step in an
environment that is on the other side of the wire.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from grading.cases import CollectCase, random_networks
from grading.isolation.intake import take_in
from grading.isolation.process import Worker
from grading.isolation.remote import RemotePlayer
from grading.player import LocalPlayer, Player
from grading.solution import ROOT, Solution

STEPS = 2_000
COLLECT = ("collect_episode", "collect_episode_with_values")


def processor_seconds() -> float:
    """Processor time that this machine has spent on anything."""
    user, nice, system = (Path("/proc/stat").read_text().split("\n")[0].split())[1:4]
    return (int(user) + int(nice) + int(system)) / 100


def whole_grade(submission: Path, isolation: str) -> tuple[float, float]:
    """(seconds on the clock, processor seconds) of one grade."""
    command = [sys.executable, "-m", "grading", "grade", str(submission), "--isolation", isolation]
    spent, begun = processor_seconds(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)  # noqa: S603
    return time.perf_counter() - begun, processor_seconds() - spent


def step_time(player: Player, case: CollectCase) -> float:
    """Seconds of one step of an episode; of the best of five, after one to warm up."""
    times = []
    for _ in range(6):
        player.begin(60.0)
        begun = time.perf_counter()
        player.collect(case, *COLLECT)
        times.append(time.perf_counter() - begun)
    return min(times[1:]) / STEPS


def round_trip(exercises: Path) -> tuple[float, float]:
    """Seconds of a step here, and in the sandbox."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    case = CollectCase(
        "a long episode",
        random_networks(rng),
        seed=0,
        observations=rng.normal(size=(STEPS + 1, 4)).astype(np.float32),
        rewards=(1.0,) * STEPS,
    )
    with ExitStack() as stack:
        intake = take_in(exercises)
        folder = stack.enter_context(intake.copied())
        remote = RemotePlayer(intake, lambda: Worker(folder, "cpu"), Worker(folder, "cpu"))
        stack.callback(remote.close)
        here = step_time(LocalPlayer(Solution(folder)), case)
        return here, step_time(remote, case)


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m grading.isolation.cost", description=__doc__)
    parser.add_argument("--grades", type=int, default=5, help="of each kind")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="cost-") as name:
        submission = Path(name)
        shutil.copytree(ROOT / "reference", submission / "exercises")
        measured: dict[str, list[tuple[float, float]]] = {"none": [], "require": []}
        for _ in range(asked.grades):
            for isolation, figures in measured.items():
                figures.append(whole_grade(submission, isolation))
        here, there = round_trip(submission / "exercises")
    medians = {
        isolation: [statistics.median(column) for column in zip(*figures, strict=True)]
        for isolation, figures in measured.items()
    }
    rows = [
        (what, *(medians[isolation][index] for isolation in ("none", "require")))
        for index, what in enumerate(("seconds on the clock", "processor seconds"))
    ]
    rows.append(("a step of an episode, microseconds", here * 1e6, there * 1e6))
    title = f"grade of the reference, median of {asked.grades}"
    print(f"{title:<42}{'none':>9}{'require':>9}{'ratio':>8}")
    for what, none, require in rows:
        print(f"{what:<42}{none:>9.1f}{require:>9.1f}{require / none:>8.2f}")
    print(f"round trip of an environment step: {(there - here) * 1e6:.0f} microseconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
