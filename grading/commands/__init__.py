"""The commands of `python -m grading`, a module each: its arguments, and what it does."""

import sys
from argparse import ArgumentTypeError
from pathlib import Path

from grading.errors import BadArguments

BAD_ARGUMENTS = 2
NO_GRADE = 3
"""Exit statuses."""


def show_progress(done: int, total: int) -> None:
    """Both numbers, on one line of the terminal."""
    end = "\r" if done < total else "\r\x1b[K"  # the line is gone when the report comes
    print(f"\r{done}/{total}", end=end, file=sys.stderr, flush=True)


def seed(text: str) -> int:
    """A seed that every random generator takes."""
    number = int(text)
    if not 0 <= number < 2**32:
        raise ArgumentTypeError(f"a seed is from 0 to {2**32 - 1}, not {number}")
    return number


def require_place(file: Path | None, option: str) -> None:
    """That a file can be written there, before anything long begins. Raises BadArguments."""
    if file is not None and not file.parent.is_dir():
        raise BadArguments(f"{option}: there is no folder {file.parent}")
