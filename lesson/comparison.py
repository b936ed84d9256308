"""The three methods side by side, over many seeds: curves, a table, and how sure one can be."""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import Manager, get_context
from queue import Empty, Queue

import numpy as np
import torch
from tqdm import tqdm

from lesson.methods import METHODS, TITLES
from lesson.stacked import Settings, Trainer

RESAMPLES = 2000
CONFIDENCE = 0.95
WINDOW = 20
"""Episodes that a curve is smoothed over."""
LAST = 100
"""Episodes that the table calls the end of training."""


def train_all(
    names: list[str], runs: int, settings: Settings, seed: int = 0, workers: int | None = None
) -> dict[str, np.ndarray]:
    """The (runs, episodes) sums of rewards of each method, trained side by side, with a bar."""
    workers = min(len(names), workers or os.cpu_count() or 1)
    episodes = len(names) * runs * settings.episodes
    context = get_context("spawn")
    with (
        Manager() as manager,
        ProcessPoolExecutor(workers, mp_context=context) as pool,
        tqdm(total=episodes, unit=" episodes", dynamic_ncols=True) as bar,
    ):
        told: Queue[int] = manager.Queue()
        # The last ones learn most, and so play longest: they begin, for the cores to end together.
        asked = {
            name: pool.submit(train, name, runs, settings, seed, told) for name in reversed(names)
        }
        while not all(one.done() for one in asked.values()):
            try:
                bar.update(told.get(timeout=0.2))
            except Empty:
                continue
        found = {name: asked[name].result() for name in names}
        bar.update(episodes - bar.n)
    return found


def train(
    name: str, runs: int, settings: Settings, seed: int, told: "Queue[int] | None" = None
) -> np.ndarray:
    """The (runs, episodes) sums of rewards of one method; `told` hears of episodes as they end."""
    torch.set_num_threads(1)
    trainer = Trainer(METHODS[name], runs, seed, settings, places=runs)
    before = 0
    for finished in trainer.train():
        if told is not None and finished - before >= runs:
            told.put(finished - before)
            before = finished
    return trainer.rewards


def smooth(rewards: np.ndarray, window: int = WINDOW) -> np.ndarray:
    """Means of the last `window` episodes: (runs, episodes) -> (runs, episodes - window + 1)."""
    sums = np.cumsum(np.pad(rewards.astype(float), ((0, 0), (1, 0))), axis=1)
    means: np.ndarray = (sums[:, window:] - sums[:, :-window]) / window
    return means


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """The mean of the middle half of the runs, along the first axis.

    Source: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
    2021. With a number of runs that four does not divide, the quarters are rounded down.
    """
    cut = len(values) // 4
    middle: np.ndarray = np.sort(values, axis=0)[cut : len(values) - cut].mean(axis=0)
    return middle


@dataclass(frozen=True)
class Estimate:
    """A number or a curve, with the bounds of a confidence interval."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __str__(self) -> str:
        return f"{float(self.value):.0f} [{float(self.low):.0f}, {float(self.high):.0f}]"


def estimate(values: np.ndarray, seed: int = 0) -> Estimate:
    """The interquartile mean over runs, (runs, ...), with a percentile bootstrap over runs."""
    random = np.random.default_rng(seed)
    found = np.array(
        [
            interquartile_mean(values[random.integers(len(values), size=len(values))])
            for _ in range(RESAMPLES)
        ]
    )
    return _with_bounds(interquartile_mean(values), found)


def difference(one: np.ndarray, other: np.ndarray, seed: int = 0) -> Estimate:
    """How much more `one`'s interquartile mean is than `other`'s; runs are drawn independently."""
    random = np.random.default_rng(seed)

    def drawn(values: np.ndarray) -> np.ndarray:
        return interquartile_mean(values[random.integers(len(values), size=len(values))])

    found = np.array([drawn(one) - drawn(other) for _ in range(RESAMPLES)])
    return _with_bounds(interquartile_mean(one) - interquartile_mean(other), found)


def _with_bounds(value: np.ndarray, found: np.ndarray) -> Estimate:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found, (tail, 1 - tail), axis=0)
    return Estimate(value, low, high)


def table(rewards: Mapping[str, np.ndarray]) -> str:
    """For the terminal: what each method gets, early, late and over all, and the differences.

    Interquartile means over the runs of each run's mean reward in those episodes.
    """
    episodes = next(iter(rewards.values())).shape[1]
    last = min(LAST, episodes)
    parts = {
        "all episodes": slice(None),
        f"first {last}": slice(None, last),
        f"last {last}": slice(-last, None),
    }
    lines = ["".join([f"{'':<26}", *(f"{part:>18}" for part in parts)])]
    for name, found in rewards.items():
        cells = (f"{estimate(found[:, part].mean(1))!s:>18}" for part in parts.values())
        lines.append("".join([f"{TITLES[name]:<26}", *cells]))
    ours = rewards.get("actor-critic")
    for name, found in rewards.items():
        if ours is not None and name != "actor-critic":
            cells = (
                f"{difference(ours[:, part].mean(1), found[:, part].mean(1))!s:>18}"
                for part in parts.values()
            )
            lines.append("".join([f"{'  more than ' + name:<26}", *cells]))
    return "\n".join(lines)
