"""Trains runs by the thousand and keeps their learning curves.

Every finished chunk is a file, so a study that was broken off goes on where it was. A chunk has a
seed of its own; which process trains it makes no difference.
"""

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from tqdm import tqdm

from grading.calibration.learners import learner
from grading.oracle import reference_function
from lesson import train_actor_critic
from lesson.stacked import Settings, Trainer

CHUNK = 1000
"""Runs that one process trains before they are written."""
BATCH = 20_000
"""The same on a GPU: in one batch."""
PLACES = 128
"""Runs that it trains side by side."""
PLAIN = "plain loop"
"""The learner that is the reference in the lesson's own loop."""


@dataclass(frozen=True)
class Chunk:
    """Runs of one learner, trained together."""

    learner: str
    settings: Settings
    index: int
    runs: int = CHUNK

    @property
    def path(self) -> str:
        """Of its file, below the folder of a study."""
        s = self.settings
        kind = "shared-" if s.shared else ""
        return (
            f"{kind}{s.episodes}-episodes-actor-{s.actor_lr:g}-critic-{s.critic_lr:g}/"
            f"{self.learner.replace(' ', '-')}-{self.runs}-runs-{self.index:03}.npy"
        )

    @property
    def seed(self) -> int:
        """Another one for each learner and chunk; far from those of the checks."""
        return 1_000_000 + crc32(self.path.encode())


def chunks(
    learner: str, settings: Settings, runs: int, size: int = CHUNK, first: int = 0
) -> list[Chunk]:
    """The chunks, from the `first` on, that hold so many runs; the last may hold some more."""
    return [Chunk(learner, settings, first + i, size) for i in range(-(-runs // size))]


def train(chunk: Chunk, folder: Path, device: str = "cpu") -> None:
    """Train a chunk and write its file."""
    torch.set_num_threads(1)
    rewards = plain_rewards(chunk) if chunk.learner == PLAIN else stacked_rewards(chunk, device)
    path = folder / chunk.path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with unfinished.open("wb") as file:
        np.save(file, rewards.astype(np.int16))
    unfinished.replace(path)


def stacked_rewards(chunk: Chunk, device: str) -> np.ndarray:
    """The (runs, episodes) rewards of the stacked trainer: on a GPU, all in one batch."""
    trainer = Trainer(
        learner(chunk.learner, shared=chunk.settings.shared),
        chunk.runs,
        chunk.seed,
        chunk.settings,
        places=PLACES if device == "cpu" else chunk.runs,
        device=device,
    )
    for _ in trainer.train():
        pass
    return trainer.rewards


def plain_rewards(chunk: Chunk) -> np.ndarray:
    """The same of the lesson's loop with the reference's two functions, one run after the other."""
    step = reference_function("actor_critic_step", "actor_critic_step")
    collect = reference_function("collect_episode", "collect_episode_with_values")
    settings = chunk.settings
    return np.array(
        [
            train_actor_critic(
                step,
                collect,
                num_episodes=settings.episodes,
                lr_actor=settings.actor_lr,
                lr_critic=settings.critic_lr,
                seed=chunk.seed + run,
            ).reward_history
            for run in range(chunk.runs)
        ]
    )


def train_missing(wanted: Iterable[Chunk], folder: Path, workers: int, device: str = "cpu") -> None:
    """Train the chunks that have no file yet, with a progress bar; Ctrl-C keeps what is there."""
    missing = [chunk for chunk in wanted if not (folder / chunk.path).is_file()]
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    total = sum(chunk.runs for chunk in missing)
    with (
        tqdm(total=total, unit=" runs", desc="training", dynamic_ncols=True) as bar,
        ProcessPoolExecutor(workers if device == "cpu" else 1, mp_context=context) as pool,
    ):
        asked = {pool.submit(train, chunk, folder, device): chunk for chunk in missing}
        try:
            for done in as_completed(asked):
                done.result()
                bar.set_postfix_str(asked[done].learner)
                bar.update(asked[done].runs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def read(wanted: Sequence[Chunk], folder: Path) -> np.ndarray:
    """The (runs, episodes) rewards of chunks."""
    return np.concatenate([np.load(folder / chunk.path) for chunk in wanted])
