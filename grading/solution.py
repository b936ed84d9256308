"""A solution on disk: the folder that is being checked, and the functions in its files.

Nothing is imported before a check asks for it, so that one broken file costs its own exercise
only, and each file is taken in once, whatever becomes of it.
"""

import importlib.machinery
import importlib.util
import sys
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from grading.environments import EpisodeOver
from grading.errors import BadArguments
from grading.outcome import Raised, RaisedKind

ROOT = Path(__file__).resolve().parent.parent
MAX_SOURCE_BYTES = 1_000_000
MAX_FRAMES = 5
"""Frames of a student's traceback that are shown: an endless recursion has a thousand."""


ON_ITS_DEVICE = (
    "(the networks are on another device than a tensor of yours: make it with "
    "device=next(critic.parameters()).device)"
)


class NoSuchSolution(BadArguments):
    """There is no folder to check; the message says what was looked for."""


def find_solution(name: str, root: Path = ROOT) -> Path:
    """The folder that holds the exercise files of a solution.

    `name` is `exercises`, `reference`, or a path to a submission (a folder that holds an
    `exercises/` folder). Raises NoSuchSolution.
    """
    if name in ("exercises", "reference"):
        folder = root / name
        if not folder.is_dir():
            raise NoSuchSolution(f"this repository has no {name}/ folder")
        return folder
    submission = Path(name).expanduser()
    if not submission.is_dir():
        raise NoSuchSolution(f"no such submission: {name} is not a folder")
    folder = submission / "exercises"
    if folder.is_symlink():
        raise NoSuchSolution(f"{name}/exercises is a symbolic link: hand in the folder itself")
    if not folder.is_dir():
        raise NoSuchSolution(f"{name} holds no exercises/ folder: is it the right folder?")
    return folder.resolve()


def has_reference(root: Path = ROOT) -> bool:
    """Whether the right answers are here; a students' copy of the course has recordings of them."""
    return (root / "reference").is_dir()


def cause_of(error: BaseException) -> str:
    """An exception in one line."""
    if isinstance(error, EpisodeOver):
        return str(error)
    text = str(error).strip().split("\n")[0]
    if isinstance(error, RuntimeError) and "same device" in text:
        text = f"{text} {ON_ITS_DEVICE}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Callee(Protocol):
    """What a probe needs of a solution."""

    def function(self, exercise: str, name: str) -> Callable[..., Any] | Raised:
        """The function `name` of an exercise, or what stands in the way of it."""

    def place(self, exercise: str) -> str:
        """The file of an exercise as a student calls it."""

    def attempt(self, exercise: str, play: Callable[[], Any]) -> Any | Raised:
        """What `play` returns; whatever comes out of the solution comes back as a Raised."""


@dataclass(frozen=True)
class OwnFunction:
    """A function of the grader's own in the place of a solution: what it raises is not caught."""

    play: Callable[..., Any]

    def function(self, _exercise: str, name: str) -> Callable[..., Any]:
        """The one that it has, whatever it is called, unless it brings another of this name."""
        others: dict[str, Callable[..., Any]] = getattr(self.play, "others", {})
        return others.get(name, self.play)

    def place(self, exercise: str) -> str:
        """A file as a student calls it."""
        return f"exercises/{exercise}.py"

    def attempt(self, _exercise: str, play: Callable[[], Any]) -> Any:
        """What `play` returns."""
        return play()


@dataclass
class Solution:
    """The functions of one folder of exercises, each file imported when first asked for.

    `package` is the name under which the files see each other (`from exercises.x import y`).
    """

    folder: Path
    package: str = "exercises"
    lets_through: tuple[type[BaseException], ...] = (KeyboardInterrupt,)
    """What is not the solution's to raise: Ctrl-C, leaving a debugger, the end of a time limit."""
    _loaded: dict[str, types.ModuleType | Raised] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        # Another solution may have been loaded under this name: nothing of it may be found.
        for name in [name for name in sys.modules if name.startswith(f"{self.package}.")]:
            del sys.modules[name]
        package = types.ModuleType(self.package)
        package.__path__ = [str(self.folder)]
        package.__spec__ = importlib.machinery.ModuleSpec(self.package, None, is_package=True)
        sys.modules[self.package] = package

    def file(self, exercise: str) -> Path:
        """The file of an exercise: `challenges/entropy_bonus` is a file in a subfolder."""
        return self.folder / f"{exercise}.py"

    def place(self, exercise: str) -> str:
        """The file of an exercise as a student calls it."""
        return self.label(self.file(exercise))

    def label(self, path: str | Path) -> str:
        """A file of this solution as a student calls it: `exercises/collect_episode.py`."""
        return f"{self.folder.name}/{Path(path).relative_to(self.folder).as_posix()}"

    def function(self, exercise: str, name: str) -> Callable[..., Any] | Raised:
        """The function `name` of an exercise, or what stands in the way of it."""
        if exercise not in self._loaded:
            # Until the import is through, it counts as never ending: a time limit may cut it off.
            self._loaded[exercise] = self._problem(
                exercise, "the file never finished importing", kind="timeout"
            )
            self._loaded[exercise] = self._load(exercise)
        module = self._loaded[exercise]
        if isinstance(module, Raised):
            return module
        function = getattr(module, name, None)
        if function is None:
            return self._problem(
                exercise,
                f"{self.place(exercise)} defines no function {name}: is it misspelt?",
                kind="missing",
            )
        if not callable(function):
            return self._problem(
                exercise, f"{name} is {type(function).__name__}, not a function", kind="missing"
            )
        return function

    def _problem(
        self, exercise: str, cause: str, kind: RaisedKind, line: int | None = None
    ) -> Raised:
        return Raised(kind=kind, cause=cause, file=self.place(exercise), line=line)

    def _load(self, exercise: str) -> types.ModuleType | Raised:
        path = self.file(exercise)
        label = self.label(path)
        if path.resolve() != path:
            return self._problem(
                exercise, f"{label} is a symbolic link: hand in the file itself", "missing"
            )
        if not path.is_file():
            return self._problem(exercise, f"{label} is missing", "absent")
        if path.stat().st_size > MAX_SOURCE_BYTES:
            return self._problem(exercise, f"{label} is larger than a megabyte", "missing")
        try:
            source = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            return self._problem(
                exercise, f"{label} is not text in UTF-8: save it with that encoding", "syntax"
            )
        name = ".".join([self.package, *exercise.split("/")])
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None  # a path that ends in .py always has one
        module = importlib.util.module_from_spec(spec)
        try:
            code = compile(source, str(path), "exec", dont_inherit=True)
        except SyntaxError as error:
            return self._problem(
                exercise,
                f"{label} does not parse: {error.msg}, line {error.lineno}",
                "syntax",
                error.lineno,
            )
        except (ValueError, RecursionError, MemoryError) as error:
            return self._problem(exercise, f"{label} does not parse: {error}", "syntax")
        sys.modules[name] = module
        done = self.attempt(exercise, lambda: exec(code, module.__dict__))  # noqa: S102
        return done if isinstance(done, Raised) else module

    def attempt(self, exercise: str, play: Callable[[], Any]) -> Any | Raised:
        """What `play` returns; whatever comes out of the solution in it comes back as a Raised."""
        try:
            return play()
        except self.lets_through:
            raise
        except BaseException as error:  # noqa: BLE001 - a student's code may raise anything
            return self.describe(error, exercise)

    def describe(self, error: BaseException, exercise: str) -> Raised:
        """An exception that came out of this solution, as plain data with the student's frames."""
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).is_relative_to(self.folder)
        ]
        label = self.label(frames[-1].filename if frames else self.file(exercise))
        line = frames[-1].lineno if frames else None
        kind: RaisedKind = "exception"
        if isinstance(error, SystemExit):
            kind, cause = "exit", "sys.exit() was called: return instead"
        elif isinstance(error, NotImplementedError) and frames and error.args == (frames[-1].name,):
            kind = "not_attempted"
            cause = f"not attempted yet: the blank in {label}:{line} still raises for it"
        elif isinstance(error, EpisodeOver):
            kind, cause = "over", cause_of(error)
        elif isinstance(error, ModuleNotFoundError) and not frames[1:]:
            kind = "missing"
            cause = f"{label} imports {error.name!r}, which the course does not install"
        else:
            cause = cause_of(error)
        lines = [
            line
            for frame in frames[-MAX_FRAMES:]
            for line in (
                f"{self.label(frame.filename)}:{frame.lineno} in {frame.name}",
                f"    {frame.line}",
            )
        ]
        if len(frames) > MAX_FRAMES:
            lines.insert(0, f"... {len(frames) - MAX_FRAMES} calls further up")
        return Raised(kind, cause, label, line, tuple(lines), error)
