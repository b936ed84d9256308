"""The rules that judge groups of learning curves, as their last calibrations chose them.

They are sequential. After k episodes the statistic is the mean over the runs of each run's mean
reward in its last `window` episodes. At each look a group passes whose statistic reaches `high`,
and fails whose statistic is below `low`; at the last look the two are one, so every group gets a
verdict.
"""

import json
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

LEARNING = "calibration"
"""The calibration of the learning check; a challenge's is called as the challenge."""


@dataclass(frozen=True)
class Look:
    """When to look, and between which bounds a group goes on."""

    episodes: int
    low: float
    high: float


@dataclass(frozen=True)
class Rule:
    """One group of runs, and how it is judged."""

    runs: int
    window: int
    actor_lr: float
    critic_lr: float
    looks: tuple[Look, ...]

    @property
    def episodes(self) -> int:
        """That each run is trained for, at most."""
        return self.looks[-1].episodes

    @property
    def digest(self) -> str:
        """Short, and another one for another rule."""
        return blake2b(repr(self).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What the rule says of a group's learning curves."""

    passed: bool
    statistic: float
    """The statistic at the look that decided."""
    look: Look


def statistic(rewards: np.ndarray, episodes: int, window: int) -> float:
    """Mean over runs (rows) and over the last `window` of the first `episodes` episodes."""
    return float(rewards[:, max(0, episodes - window) : episodes].mean())


def judge(rewards: np.ndarray, finished: int, rule: Rule) -> Verdict | None:
    """The verdict on (runs, episodes) rewards of which `finished` columns are complete, if any yet.

    A pure function of the curves, and the same whether it is asked during training or after.
    """
    for look in rule.looks:
        if look.episodes > finished:
            return None
        value = statistic(rewards, look.episodes, rule.window)
        if value >= look.high:
            return Verdict(True, value, look)
        # Written so that NaN fails.
        if not value >= look.low or look is rule.looks[-1]:
            return Verdict(False, value, look)
    return None


def data_file(name: str = LEARNING) -> Path:
    """Where a calibration is written down."""
    return Path(__file__).with_name(f"{name}.json")


@cache
def calibration(name: str = LEARNING) -> dict[str, Any]:
    """What the last calibration of this name measured; see `grading.calibration`."""
    data: dict[str, Any] = json.loads(data_file(name).read_text("utf-8"))
    return data


@cache
def rule_in_force(name: str = LEARNING) -> Rule:
    """The rule that it chose."""
    plain = dict(calibration(name)["rule"])
    looks = tuple(Look(**look) for look in plain.pop("looks"))
    return Rule(**plain, looks=looks)


def stated_error(name: str = LEARNING) -> str:
    """The probability that correct code fails, in words, with how it was obtained."""
    found = calibration(name)["reference"]
    return (
        f"correct code fails this check with a probability of {found['by_fitted_tail']:.0e} "
        f"by a fitted tail, and below {found['by_counting_below']:.1e} by counting (95% bound: "
        f"{found['failed']} of {found['groups']} groups of the reference failed)"
    )
