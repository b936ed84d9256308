"""On each save, the fast checks of what changed, and the next thing to do."""

import subprocess
import sys
from pathlib import Path

from watchfiles import PythonFilter, watch

from lesson.solutions import ROOT

CLEAR = "\033[2J\033[H"


def watch_exercises() -> None:
    """Check everything once, then what changes, until Ctrl-C."""
    exercises = ROOT / "exercises"
    check([])
    print(f"\nwatching {exercises.name}/: save a file and its checks run; Ctrl-C ends this")
    for changes in watch(exercises, watch_filter=PythonFilter(), raise_interrupt=False):
        check(sorted({Path(path).stem for _, path in changes if checks_of(Path(path)).is_file()}))


def check(changed: list[str]) -> None:
    """Run the fast checks of these exercises, or of all."""
    if sys.stdout.isatty():
        print(CLEAR, end="", flush=True)
    tests = [str(checks_of(Path(name))) for name in changed]
    command = [sys.executable, "-m", "pytest", "-m", "not learning", *tests]
    subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own checks


def checks_of(exercise: Path) -> Path:
    """The file that checks an exercise, wherever that stands."""
    return ROOT / "tests" / f"test_{exercise.stem}.py"
