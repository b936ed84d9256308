"""On each save, the fast checks of what changed, and the next thing to do."""

import subprocess
import sys
from pathlib import Path

from watchfiles import PythonFilter, watch

from lesson.solutions import FUNCTIONS, ROOT

CLEAR = "\033[2J\033[H"


def watch_exercises() -> None:
    """Check everything once, then what changes, until Ctrl-C."""
    exercises = ROOT / "exercises"
    check([])
    print(f"\nwatching {exercises.name}/: save a file and its checks run; Ctrl-C ends this")
    for changes in watch(exercises, watch_filter=PythonFilter(), raise_interrupt=False):
        check(sorted({Path(path).stem for _, path in changes} & FUNCTIONS.keys()))


def check(changed: list[str]) -> None:
    """Run the fast checks of these exercises, or of all."""
    if sys.stdout.isatty():
        print(CLEAR, end="", flush=True)
    tests = [str(ROOT / "tests" / f"test_{name}.py") for name in changed]
    command = [sys.executable, "-m", "pytest", "-m", "not learning", *tests]
    subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own checks
