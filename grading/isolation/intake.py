"""Intake: which files of a submission are taken in, and a copy of them.

Only regular Python files of its `exercises/` folder are, and no more of them than an honest
submission has. Nothing in it is followed, imported or run: settings, links, compiled files, pipes
and whatever else lies around stay where they are.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from grading.solution import MAX_SOURCE_BYTES

MAX_FILES = 500
MAX_BYTES = 8_000_000
MAX_ENTRIES = 20_000
"""Names that are looked at, whatever they are."""
MAX_DEPTH = 6


@dataclass(frozen=True)
class Intake:
    """The files of one submission."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By their names below `exercises/`: `actor_critic_step.py`, `challenges/x.py`."""
    refused: dict[str, str] = field(default_factory=dict)
    """Those that were not taken in, and why, in words that follow the name."""

    def digest(self) -> str:
        """SHA-256 over names and contents, in the order of the names."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
        return f"sha256:{digest.hexdigest()}"

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """A folder that holds a copy of `exercises/`; it is gone afterwards."""
        with TemporaryDirectory(prefix="taken-in-") as name:
            exercises = Path(name) / "exercises"
            exercises.mkdir()
            for file, content in self.files.items():
                path = exercises / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            # Whatever the umask: the sandbox's user reads them.
            for path in (exercises, *exercises.rglob("*")):
                path.chmod(0o755 if path.is_dir() else 0o644)
            yield exercises


def take_in(exercises: Path) -> Intake:
    """Take in what may be taken in of an `exercises/` folder; of one that is a link, nothing."""
    taken = Intake()
    if exercises.is_symlink():
        return taken
    left = MAX_BYTES
    for path in _modules(exercises):
        name = path.relative_to(exercises).as_posix()
        content = _content(path)
        if isinstance(content, str):
            taken.refused[name] = content
        elif len(taken.files) == MAX_FILES or len(content) > left:
            taken.refused[name] = f"is one file too many: {MAX_FILES} files of {MAX_BYTES} bytes"
        else:
            left -= len(content)
            taken.files[name] = content
    return taken


def _modules(exercises: Path) -> Iterator[Path]:
    """What is named as a module is, in the order of the names, those on top first."""
    seen = 0
    folders = [exercises]
    while folders:
        folder = folders.pop(0)
        found = []
        with suppress(OSError), os.scandir(folder) as entries:  # what nobody may read is not there
            for entry in entries:
                seen += 1
                if seen > MAX_ENTRIES:
                    return
                found.append(entry)
        for entry in sorted(found, key=lambda entry: entry.name):
            path = Path(entry.path)
            if not entry.name.isascii():
                continue
            if path.suffix == ".py" and path.stem.isidentifier():
                yield path
            elif (
                entry.is_dir(follow_symlinks=False)
                and entry.name.isidentifier()
                and len(path.relative_to(exercises).parts) < MAX_DEPTH
            ):
                folders.append(path)


def _content(path: Path) -> bytes | str:
    """The content of a regular file, or why it is not read."""
    try:
        # Opening must neither follow a link nor wait for a pipe's other end.
        end = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        if path.is_symlink():
            return "is a symbolic link: hand in the file itself"
        return "cannot be read"
    try:
        facts = os.fstat(end)
        if not stat.S_ISREG(facts.st_mode):
            return "is not a regular file"
        if facts.st_nlink > 1:
            return "is a hard link: hand in a copy of the file"
        if facts.st_size > MAX_SOURCE_BYTES:
            return "is larger than a megabyte"
        return os.read(end, MAX_SOURCE_BYTES)
    finally:
        os.close(end)
