"""The learning check itself, many times over: solutions as they are, one update after the other."""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from grading.learning.audit import AGREEMENT, MAX_JUMP
from grading.learning.group import train_group, trained_by
from grading.learning.rule import judge, rule_in_force, statistic
from grading.oracle import reference_function
from grading.outcome import Raised
from grading.solution import ROOT, Solution

STEP = "actor_critic_step"
VARIANTS = ROOT / "grading" / "bank" / "variants"


@dataclass(frozen=True)
class Grading:
    """What one group came to."""

    solution: str
    seed: int
    passed: bool
    """The verdict, and the audit of its updates."""
    episodes: int
    """At the look that decided."""
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
    """Train and judge a group of "reference" or of a variant, with the reference's audit."""
    torch.set_num_threads(1)
    reference = reference_function(STEP, STEP)
    step = reference if solution == "reference" else variant(solution)
    rule = rule_in_force()
    begun = time.perf_counter()
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # one of them prints
        group = train_group(
            trained_by(step),
            seed,
            rule,
            until=lambda rewards, finished: judge(rewards, finished, rule) is not None,
            audit=reference,
        )
    taken = time.perf_counter() - begun
    verdict = judge(group.rewards, group.finished, rule)
    assert verdict is not None
    assert group.audit is not None
    agrees = group.audit.cosine >= AGREEMENT and group.audit.largest_change <= MAX_JUMP
    return Grading(
        solution,
        seed,
        verdict.passed and agrees,
        verdict.look.episodes,
        statistic(group.rewards, rule.looks[0].episodes, rule.window),
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
