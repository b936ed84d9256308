"""How often the learning check is wrong: `nox -s learning_study`.

Trains groups of the reference and of wrong learners under the protocol of the learning check, to
the last episode, and applies the check's rule to their curves. Writes `learning_study.json`, from
which the check quotes its false-fail probability.
"""

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from math import erfc, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from grading.binomial import upper_bound
from grading.learning import PROTOCOL, Protocol, Step, judge, statistic, train_group, trained_by
from grading.learning_error import FILE, describe, read_study
from grading.oracle import reference_function


class _Scaled(nn.Module):
    """A critic whose values are scaled by zero: no baseline, and no gradient to learn from."""

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, state: Tensor) -> Tensor:
        return self.critic(state) * 0.0


def learner(name: str) -> Step:
    """The reference's step, given arguments that turn it into the named learner.

    The advantages themselves are out of reach; negating or shuffling the log-probs that they are
    multiplied with does to the actor's loss what doing it to them would.
    """
    step = reference_function("actor_critic_step", "actor_critic_step")
    shuffle = np.random.default_rng(0)

    def sign_flipped(a: Any, c: Any, ao: Any, co: Any, s: Any, log_probs: Any, r: Any) -> object:
        return step(a, c, ao, co, s, [-one for one in log_probs], r)

    def permuted_advantages(
        a: Any, c: Any, ao: Any, co: Any, s: Any, log_probs: Any, r: Any
    ) -> object:
        return step(a, c, ao, co, s, [log_probs[i] for i in shuffle.permutation(len(r))], r)

    def no_baseline(a: Any, c: Any, ao: Any, co: Any, s: Any, log_probs: Any, r: Any) -> object:
        return step(a, _Scaled(c), ao, co, s, log_probs, r)

    def untrained_critic(
        a: Any, c: Any, ao: Any, co: Any, s: Any, log_probs: Any, r: Any
    ) -> object:
        for group in co.param_groups:
            group["lr"] = 0.0
        return step(a, c, ao, co, s, log_probs, r)

    wrong = (sign_flipped, permuted_advantages, no_baseline, untrained_critic)
    return {"reference": step, **{function.__name__: function for function in wrong}}[name]


LEARNERS = ("reference", "sign_flipped", "permuted_advantages", "no_baseline", "untrained_critic")


def train(task: tuple[str, int]) -> np.ndarray:
    """The curves of one group, trained to the end: (runs, episodes) rewards."""
    name, seed = task
    torch.set_num_threads(1)
    group = train_group(trained_by(learner(name)), seed)
    return group.rewards


def summarise(curves: Sequence[np.ndarray], protocol: Protocol = PROTOCOL) -> dict[str, Any]:
    """What the rule says of each group, and how the statistic that decides is distributed.

    `best` is the largest statistic over the looks: a group that is not hopeless early passes
    exactly if it reaches the threshold.
    """
    verdicts = [judge(rewards, protocol.episodes, protocol) for rewards in curves]
    best = np.array(
        [max(statistic(r, look, protocol.window) for look in protocol.looks) for r in curves]
    )
    passed = sum(verdict is not None and verdict.passed for verdict in verdicts)
    deciding = [verdict.episodes for verdict in verdicts if verdict is not None]
    return {
        "groups": len(curves),
        "passed": passed,
        "best": {
            "mean": round(float(best.mean()), 1),
            "sd": round(float(best.std(ddof=1)), 1),
            "min": round(float(best.min()), 1),
            "quantile_05": round(float(np.quantile(best, 0.05)), 1),
            "median": round(float(np.median(best)), 1),
            "quantile_95": round(float(np.quantile(best, 0.95)), 1),
            "max": round(float(best.max()), 1),
        },
        "episodes_to_verdict": round(float(np.mean(deciding)), 1),
    }


def false_fail(summary: dict[str, Any], protocol: Protocol = PROTOCOL) -> dict[str, float]:
    """How often correct code fails: by counting (95% bound), and by a normal fit of `best`."""
    failed = summary["groups"] - summary["passed"]
    z = (summary["best"]["mean"] - protocol.threshold) / summary["best"]["sd"]
    return {
        "by_counting_below": upper_bound(failed, summary["groups"]),
        "by_normal_fit": 0.5 * erfc(z / sqrt(2)),
    }


def table(study: dict[str, Any]) -> str:
    """The study as text."""
    columns = "".join(f"{name:>6}" for name in ("mean", "sd", "min", "5%", "50%", "95%", "max"))
    lines = [f"{'learner':<20}{'groups':>7}{'passed':>7}   {columns}"]
    for name, summary in study["learners"].items():
        best = summary["best"]
        spread = "".join(
            f"{best[key]:>6.0f}"
            for key in ("mean", "sd", "min", "quantile_05", "median", "quantile_95", "max")
        )
        lines.append(f"{name:<20}{summary['groups']:>7}{summary['passed']:>7}   {spread}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Train, print the table, write the data file."""
    parser = argparse.ArgumentParser(prog="python -m grading.study", description=__doc__)
    parser.add_argument("--groups", type=int, default=200, help="groups of each learner")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--show", action="store_true", help="print the last study, train nothing")
    asked = parser.parse_args(arguments)
    if asked.show:
        study = read_study()
        print(table(study), describe(study), sep="\n")
        return 0
    summaries = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.workers, mp_context=context) as pool:
        for name in LEARNERS:
            # Seeds far from those of the checks, so that nothing is measured on what it judges.
            tasks = [(name, 1_000_000 + index) for index in range(asked.groups)]
            curves = []
            for rewards in pool.map(train, tasks):
                curves.append(rewards)
                print(f"\r{name}: {len(curves)}/{asked.groups} groups", end="", file=sys.stderr)
            print(file=sys.stderr)
            summaries[name] = summarise(curves)
    study = {
        "protocol": asdict(PROTOCOL),
        "learners": summaries,
        "false_fail": false_fail(summaries["reference"]),
    }
    asked.out.write_text(json.dumps(study, indent=2) + "\n", "utf-8")
    print(table(study), describe(study), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
