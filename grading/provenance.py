"""Where a grade comes from: versions, platform, device, isolation, seeds, and what was hashed."""

import hashlib
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from grading.seeds import SECRET
from grading.solution import ROOT

_PACKAGES = ("torch", "gymnasium", "numpy", "pytest", "pytest-timeout")
_CHECKS = ("tests", "grading", "lesson", "reference")
_DECIDING = ("*.py", "*.npz", "*.msgpack", "learning/*.json")
"""Code, and data that it decides by."""


def provenance(
    graded_files: str,
    isolation: str,
    device: str,
    seed: int | None,
    skipped: Sequence[str] = (),
) -> dict[str, Any]:
    """The provenance of a grade of files with this digest."""
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "device": device,
        "isolation": isolation,
        "advisory": isolation != "require",
        "skipped": list(skipped),
        "seed": seed,
        "seed_policy": "one fixed seed for the cases of all checks"
        if seed is not None
        else f"a keyed hash of {SECRET} or a fresh secret, the graded files and the check",
        "graded_files": graded_files,
        "checks": _hash(ROOT, _files()),
    }


def versions() -> dict[str, str]:
    """Of Python and of the packages that have a say in a grade."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _files() -> Iterator[Path]:
    for top in _CHECKS:
        for pattern in _DECIDING:
            yield from (ROOT / top).rglob(pattern)


def _hash(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over names and contents of regular files, in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted(files):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return f"sha256:{digest.hexdigest()}"
