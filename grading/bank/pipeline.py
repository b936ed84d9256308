"""Mistakes: an exercise cut into pieces, some of them overridden.

A pipeline does what the reference does (a test says so), piece by piece. A mistake overrides one
piece, seldom two, and says what a good teacher would say about it. Mistakes that override
different pieces can be made together.

    PIPELINE = Pipeline("actor_critic_step", "actor_critic_step", assemble, {"returns": returns})

    @PIPELINE.mistake(
        "returns",
        title="the rewards are not discounted",
        misconception="a reward far away was taken to count as much as one paid now",
        hint="what is a reward worth that comes k steps later?",
        read="returns",
    )
    def undiscounted(step): ...
"""

import importlib
import pkgutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import combinations
from typing import Any

from grading.environments import EpisodeOver
from grading.evidence import Facts
from grading.outcome import Raised
from grading.solution import OwnFunction, cause_of

Piece = Callable[..., Any]
Pieces = Mapping[str, Piece]
MISTAKES = "grading.bank.mistakes"


@dataclass(frozen=True)
class Form:
    """One way of making a mistake: the pieces that it overrides."""

    mistake: str
    """Id of the mistake."""
    name: str
    """Of the function that was written for it, with the value of its parameter if it has one."""
    pieces: Pieces = field(compare=False)

    @property
    def function(self) -> str:
        """Its name without the value: one of these for many values will do."""
        return self.name.partition("[")[0]

    def composes_with(self, other: "Form") -> bool:
        """Whether the two override different pieces."""
        return self.pieces.keys().isdisjoint(other.pieces)


@dataclass(frozen=True)
class Mistake:
    """A named, explained mistake, in all forms that no outcome can tell apart or need not.

    The four texts are what a student reads; they point, and never solve.
    """

    id: str
    """`<exercise>/<slug>`, stable."""
    title: str
    """What is wrong with the outcome, as the first line of a message."""
    misconception: str
    """The belief or the slip behind it, in one sentence."""
    hint: str
    read: str
    """An anchor of the lesson, without the number sign."""
    forms: list[Form] = field(default_factory=list, compare=False)


class Pipeline:
    """An exercise's function cut into pieces, and the mistakes that can be made in it."""

    def __init__(
        self,
        exercise: str,
        function: str,
        assemble: Callable[..., Callable[..., Any]],
        pieces: Pieces,
        preview: Callable[[Pieces, Any], Facts | None] | None = None,
    ) -> None:
        """`assemble(pieces, **context)` makes the function `function` of `exercise`.

        `preview(pieces, case)`, if there is one, gives some of the facts of a case for a fraction
        of what a play costs, or None where only a play can tell.
        """
        self.exercise = exercise
        self.function = function
        self.pieces = dict(pieces)
        self.mistakes: dict[str, Mistake] = {}
        self._assemble = assemble
        self._preview = preview

    def mistake(
        self,
        piece: str,
        *,
        title: str,
        misconception: str,
        hint: str,
        read: str,
        also: Pieces | None = None,
        values: Sequence[Any] = (),
    ) -> Callable[[Piece], Piece]:
        """Register a function as the override of a piece, and so as a mistake.

        `also` gives further overrides; with `values`, the function takes one more argument, and
        each value is a form of its own.
        """

        def register(override: Piece) -> Piece:
            id_ = f"{self.exercise}/{override.__name__}"
            if id_ in self.mistakes:
                raise ValueError(f"two mistakes are called {id_}")
            self.mistakes[id_] = Mistake(id_, title, misconception, hint, read)
            return self.form_of(id_, piece, also=also, values=values)(override)

        return register

    def form_of(
        self,
        mistake: str,
        piece: str,
        *,
        also: Pieces | None = None,
        values: Sequence[Any] = (),
    ) -> Callable[[Piece], Piece]:
        """Register another form of a mistake, known by its id or by its slug."""
        id_ = mistake if "/" in mistake else f"{self.exercise}/{mistake}"

        def register(override: Piece) -> Piece:
            variations: dict[str, Piece] = {
                f"[{v}]": partial(override, **{_last_argument(override): v}) for v in values
            }
            for suffix, function in (variations or {"": override}).items():
                pieces: dict[str, Piece] = {piece: function, **(also or {})}
                unknown = pieces.keys() - self.pieces.keys()
                if unknown:
                    raise ValueError(f"{id_} overrides no piece of {self.exercise}: {unknown}")
                self.mistakes[id_].forms.append(Form(id_, override.__name__ + suffix, pieces))
            return override

        return register

    def adopt(self, other: "Pipeline", *slugs: str) -> None:
        """Register mistakes of another pipeline as this one's: their pieces are called the same."""
        for slug in slugs:
            mistake = other.mistakes[f"{other.exercise}/{slug}"]
            id_ = f"{self.exercise}/{slug}"
            forms = [replace(form, mistake=id_) for form in mistake.forms]
            self.mistakes[id_] = replace(mistake, id=id_, forms=forms)

    def forms(self) -> Iterator[Form]:
        """All forms of all mistakes."""
        for mistake in self.mistakes.values():
            yield from mistake.forms

    def form(self, name: str) -> Form:
        """The form of this name. Raises KeyError."""
        return {form.name: form for form in self.forms()}[name]

    def pairs(self) -> Iterator[tuple[Form, Form]]:
        """Every two mistakes that can be made together, each in its first form."""
        firsts = [mistake.forms[0] for mistake in self.mistakes.values()]
        return ((a, b) for a, b in combinations(firsts, 2) if a.composes_with(b))

    def build(self, forms: Sequence[Form] = (), **context: Any) -> Callable[..., Any]:
        """The function with these mistakes made in it; with none, it is right."""
        return self._assemble(self._overridden(forms), **context)

    def preview(self, forms: Sequence[Form], case: Any) -> Facts | None:
        """Some facts of a case with these mistakes; None where only a play can tell."""
        return self._preview(self._overridden(forms), case) if self._preview is not None else None

    def _overridden(self, forms: Sequence[Form]) -> Pieces:
        return self.pieces | {name: piece for form in forms for name, piece in form.pieces.items()}


def _last_argument(function: Piece) -> str:
    return function.__code__.co_varnames[function.__code__.co_argcount - 1]


class FaultySolution(OwnFunction):
    """A solution made of a pipeline's function, for the probes."""

    def attempt(self, _exercise: str, play: Callable[[], Any]) -> Any | Raised:
        """What `play` returns, or what it raises."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they are for those who make the mistake
                return play()
        except EpisodeOver as error:
            return Raised("over", cause_of(error))
        except Exception as error:  # noqa: BLE001 - faulty code is here to raise
            return Raised("exception", cause_of(error))


@cache
def pipelines() -> dict[str, Pipeline]:
    """The pipeline of every exercise that has one, all its mistakes registered."""
    folder = importlib.import_module(MISTAKES)
    return _within(folder.__path__, MISTAKES)


def pipeline_of(exercise: str) -> Pipeline:
    """The pipeline of one exercise, all its mistakes registered: for another to adopt some."""
    name = f"{MISTAKES}.{exercise}"
    return _within(importlib.import_module(name).__path__, name)[exercise]


def _within(places: Iterable[str], name: str) -> dict[str, Pipeline]:
    found = {}
    for info in pkgutil.walk_packages(places, f"{name}."):
        pipeline = getattr(importlib.import_module(info.name), "PIPELINE", None)
        if pipeline is not None:
            found[pipeline.exercise] = pipeline
    return found


def faulty(exercise: str, *names: str) -> Callable[..., Any]:
    """The function of an exercise with mistakes made in it, by the names of their forms."""
    pipeline = pipelines()[exercise]
    return pipeline.build([pipeline.form(name) for name in names])
