"""Where training takes place: the first lines of every command."""

import platform
import random

import gymnasium as gym
import numpy as np
import torch

from lesson.errors import LessonError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(asked: str) -> str:
    """Either cpu or cuda; raises LessonError if there is no GPU that was asked for."""
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        raise LessonError("torch sees no CUDA device here: use --device cpu, or auto")
    return "cuda" if there and asked != "cpu" else "cpu"


def introduce(device: str, seed: int) -> str:
    """Versions, device and seed, in three lines."""
    where = "CPU: fast enough for CartPole, whose networks are small"
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        where = f"GPU: {properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    return (
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"gymnasium {gym.__version__}\n{where}\nseed {seed}"
    )


def seed_everything(seed: int) -> None:
    """Python's, numpy's and torch's generators, on every device."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
