"""The functions of a solution: the exercises, the reference, or somebody's folder."""

import importlib
import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from lesson.errors import LessonError

ROOT = Path(__file__).parent.parent
FUNCTIONS = {
    "actor_critic_step": "actor_critic_step",
    "collect_episode": "collect_episode_with_values",
}


def load(solution: str | None = None) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """(actor_critic_step, collect_episode_with_values) of "exercises", "reference" or a path.

    A path is a folder of exercises, or one that holds a folder `exercises`. Without any, the
    variable LESSON_SOLUTION of the environment says which, else it is "exercises". Raises
    LessonError if there is none, or if a function is missing, and so do the functions if they are
    not written yet; what a file raises when it is imported comes out.
    """
    folder = _opened(solution or os.environ.get("LESSON_SOLUTION", "exercises"))
    step, collect = (_function(folder, *which) for which in FUNCTIONS.items())
    return step, collect


def load_function(solution: str, file: str, name: str) -> Callable[..., Any]:
    """One function of a solution, of `challenges/lunar_lander`, say. Raises LessonError, too."""
    return _function(_opened(solution), file, name)


def _opened(solution: str) -> Path:
    """The folder of a solution, from which its files can be imported."""
    folder = _folder(solution)
    _forget_others(folder)
    sys.path.insert(0, str(folder.parent))
    return folder


def _folder(solution: str) -> Path:
    path = ROOT / solution if solution in ("exercises", "reference") else Path(solution).resolve()
    if (path / "exercises").is_dir():
        path = path / "exercises"
    if not path.is_dir():
        known = ", ".join(name for name in ("exercises", "reference") if (ROOT / name).is_dir())
        raise LessonError(
            f"there is no solution {solution!r}: give {known}, or a folder that holds exercises/"
        )
    return path


def _forget_others(folder: Path) -> None:
    """Modules that were imported from another folder of that name."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == folder.name:
            places = {Path(place).resolve() for place in getattr(module, "__path__", ())}
            file = getattr(module, "__file__", None)
            if folder not in places and (file is None or Path(file).resolve().parent != folder):
                del sys.modules[name]


def _function(folder: Path, file: str, name: str) -> Callable[..., Any]:
    if not (folder / f"{file}.py").is_file():
        raise LessonError(f"{folder} has no {file}.py")
    module = importlib.import_module(".".join([folder.name, *file.split("/")]))
    function = getattr(module, name, None)
    if not callable(function):
        raise LessonError(f"{folder / file}.py defines no function {name}")

    @wraps(function)
    def written(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except NotImplementedError as error:
            raise _not_written(error) from None

    return written


def _not_written(error: NotImplementedError) -> LessonError:
    place, line, *_ = traceback.extract_tb(error.__traceback__)[-1]
    path = Path(place)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    said = (
        f"{error} is not written yet: open {shown}:{line}. exercises/README.md says what belongs "
        "there"
    )
    if (ROOT / "reference").is_dir():  # not in the students' copy of the course
        said += "; python -m lesson train --solution reference shows how it goes"
    return LessonError(f"{said}.")
