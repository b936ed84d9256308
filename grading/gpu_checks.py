"""What only a GPU can show: `nox -s gpu_checks`, one command, every figure.

The reference is graded on it; a solution that hard-codes the CPU is told so; the whole bank gets
the same results there as on the CPU; and thousands of runs are trained in one batch.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import torch
from tqdm import tqdm

from grading import scorecard
from grading.benchmark import Rate
from grading.calibration.runs import PLACES
from grading.errors import BadArguments
from grading.here import check_here
from grading.learning.rule import rule_in_force
from grading.solution import ON_ITS_DEVICE
from lesson.methods import actor_critic
from lesson.stacked import Settings, Trainer

HARD_CODED = ("device=device", 'device="cpu"')
"""What a solution says that works on the CPU only, and what the reference says there."""


def main(arguments: list[str] | None = None) -> int:
    """Check and measure; 1 if something is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m grading.gpu_checks", description=__doc__)
    parser.add_argument("--device", default="cuda", help="cpu tries the command out")
    parser.add_argument("--runs", type=int, default=20_000, help="in one batch")
    parser.add_argument("--every", type=int, default=1, help="only every so-manieth of the bank")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    try:
        print(name_of(asked.device))
    except BadArguments as error:
        print(error, file=sys.stderr)
        return 2
    right = [
        reference(asked.device),
        hard_coded(asked.device),
        bank(asked.device, asked.every, asked.workers),
    ]
    speed(asked.device, asked.runs)
    return 0 if all(right) else 1


def name_of(device: str) -> str:
    """The device in words. Raises BadArguments if there is none."""
    if device == "cpu":
        return "no GPU: trying the command out on the CPU"
    if not torch.cuda.is_available():
        raise BadArguments("torch sees no CUDA device here: nothing can be checked")
    properties = torch.cuda.get_device_properties(0)
    return (
        f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, torch {torch.__version__}"
    )


def reference(device: str) -> bool:
    """Whether the reference passes every check, learning too."""
    begun = time.perf_counter()
    results = check_here("reference", f"--device={device}").results.values()
    passed = [result for result in results if result.status == "passed"]
    points = sum(result.points for result in results)
    print(
        f"reference: {len(passed)} of {len(results)} checks, {points} points, "
        f"{time.perf_counter() - begun:.0f} s"
    )
    return len(passed) == len(results)


def hard_coded(device: str) -> bool:
    """Whether a solution that hard-codes the CPU fails with a message that says so."""
    with tempfile.TemporaryDirectory() as folder:
        exercises = Path(folder) / "exercises"
        scorecard.copy_reference(exercises)
        for file in exercises.glob("*.py"):
            file.write_text(file.read_text("utf-8").replace(*HARD_CODED), "utf-8")
        record = check_here(folder, f"--device={device}", "-m", "not learning")
    failed = [one for one in record.results.values() if one.status != "passed" and one.message]
    told = [one for one in failed if ON_ITS_DEVICE in " ".join(one.message.split())]
    print(f"CPU hard-coded: {len(failed)} checks fail; {len(told)} name the device")
    for one in told[:1]:
        print("  " + one.message.replace("\n", "\n  "))
    return bool(told) == (device != "cpu")


def bank(device: str, every: int, workers: int) -> bool:
    """Whether mistakes and variants get the same results on both devices."""
    trials = [*scorecard.mistakes(), *scorecard.variants()][::every]
    found = []
    for where in ("cpu", device):
        with tqdm(total=len(trials), desc=f"bank on {where}", dynamic_ncols=True) as bar:
            progress = lambda done, _, bar=bar: bar.update(done - bar.n)  # noqa: E731
            found.append(scorecard.run(trials, workers, progress, device=where))
    different = [
        (one, other)
        for one, other in zip(*found, strict=True)
        if (one.failed, one.own, one.diagnosis) != (other.failed, other.own, other.diagnosis)
    ]
    print(f"bank: {len(trials)} graded on both, {len(different)} differ")
    for one, other in different:
        print(f"  {one.exercise} {', '.join(one.names)}: {one.own} {one.diagnosis}")
        print(
            f"    on {device}: {other.own} {other.diagnosis}\n    {other.message.splitlines()[:1]}"
        )
    return not different


def speed(device: str, runs: int) -> None:
    """Steps/s of the stacked trainer: one batch on the device, and its own size on the CPU."""
    rule = rule_in_force()
    settings = Settings(60, rule.actor_lr, rule.critic_lr)
    rates = []
    for where, count, places in (("cpu", 8 * PLACES, PLACES), (device, runs, runs)):
        torch.set_num_threads(1)
        trainer = Trainer(actor_critic, count, 0, settings, places=places, device=where)
        begun = time.perf_counter()
        with tqdm(total=trainer.rewards.size, unit=" episodes", dynamic_ncols=True) as bar:
            for done in trainer.train():
                bar.update(done - bar.n)
        rate = Rate(f"stacked trainer, {count} runs, {places} at once, {where}")
        rate.add((trainer.steps, time.perf_counter() - begun))
        rates.append(rate)
    print(f"{'':<51}{'steps':>10}{'seconds':>8}{'steps/s':>10}")
    print(*rates, sep="\n")
    ratio = rates[1].speed / rates[0].speed
    print(f"{'the device / one core of the CPU, in steps/s':<51}{ratio:>10.1f}")


if __name__ == "__main__":
    sys.exit(main())
