"""Recorded mistakes as suspects: what each does in every case of the evidence is in a table.

A row is a solution: the truth, a form of a mistake, or two mistakes. A column is a fact of a case,
in one of the contexts in which it was played: by itself, or drawing given actions. What was not
recorded is unknown, and excludes nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from grading.evidence import Chances, Fact, Facts, Said, Unknown
from grading.recorded import DATA
from grading.recorded.facts import unpacked
from grading.suspects import Forms

ABSENT, UNRECORDED, FIRST_FACT = 0, 1, 2
"""In the table: there is no such fact; it was not looked for; the first of those that there are."""


def own(case: int) -> str:
    """The context in which a solution has a chance of its own."""
    return f"{case} own"


def odds(case: int) -> str:
    """The context of the probabilities that it draws with."""
    return f"{case} odds"


def drawing(case: int, *draws: tuple[int, ...]) -> str:
    """The context in which given actions are drawn, and given ones a second time in a step."""
    return f"{case} " + "+".join(",".join(map(str, actions)) for actions in draws)


def whatever(case: int) -> str:
    """The context of what is the same whatever is drawn."""
    return f"{case} whatever"


@dataclass(frozen=True)
class RecordedForm:
    """One way of making a mistake."""

    mistake: str
    name: str
    pieces: frozenset[str]

    @property
    def function(self) -> str:
        """Its name without the value of a parameter."""
        return self.name.partition("[")[0]

    def composes_with(self, other: "RecordedForm") -> bool:
        """Whether the two override different pieces."""
        return self.pieces.isdisjoint(other.pieces)


@dataclass(frozen=True)
class RecordedMistake:
    """A mistake: what a student reads, and its forms."""

    id: str
    title: str
    misconception: str
    hint: str
    read: str
    forms: tuple[RecordedForm, ...] = field(default=(), compare=False)


class Recording:
    """The table of one exercise."""

    def __init__(self, file: Path) -> None:
        with np.load(file, allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            self._table = arrays["table"]
            ends = np.cumsum(arrays["lengths"])
            content = arrays["facts"].tobytes()
        starts = [0, *ends.tolist()]
        self._packed = [content[a:b] for a, b in zip(starts, ends.tolist(), strict=False)]
        self.mistakes = {
            entry["id"]: RecordedMistake(
                **{key: entry[key] for key in ("id", "title", "misconception", "hint", "read")},
                forms=tuple(
                    RecordedForm(entry["id"], form["name"], frozenset(form["pieces"]))
                    for form in entry["forms"]
                ),
            )
            for entry in head["mistakes"]
        }
        self._lengths = head["lengths"]
        self._rows = {tuple(names): row for row, names in enumerate(head["rows"])}
        self._columns: dict[str, list[tuple[int, str]]] = {}
        for column, (where, name) in enumerate(head["columns"]):
            self._columns.setdefault(where, []).append((column, name))
        self._facts: dict[int, Fact] = {}

    def has(self, names: tuple[str, ...]) -> bool:
        """Whether it knows the solution with these forms in it."""
        return names in self._rows

    def facts(self, names: tuple[str, ...], where: str) -> Facts | None:
        """What is known of a solution in a context; None if it was not played there."""
        columns = self._columns.get(where)
        if columns is None:
            return None
        row = self._table[self._rows[names]]
        if row[columns[0][0]] == UNRECORDED:
            return None
        return {
            name: self._fact(int(row[column])) for column, name in columns if row[column] != ABSENT
        }

    def drawing(
        self, case: int, drawn: tuple[int, ...], drawn_again: tuple[int, ...]
    ) -> tuple[str, ...]:
        """The contexts for a solution that draws these actions, the one that says most first.

        What is not known of the end of an episode does not matter: who goes on where another one
        has stopped has taken more steps. Of those who go on for longer than the case lasts, only
        what does not depend on their draws is known.
        """
        length = self._lengths[case]
        first, again = ((actions + (0,) * length)[:length] for actions in (drawn, drawn_again))
        exactly = drawing(case, first, again), drawing(case, first)
        longer = max(len(drawn), len(drawn_again)) > length
        return (whatever(case), *exactly) if longer else (*exactly, whatever(case))

    def _fact(self, number: int) -> Fact:
        if number not in self._facts:
            self._facts[number] = unpacked(self._packed[number - FIRST_FACT])
        return self._facts[number]


class RecordedSuspects:
    """The mistakes of one exercise, as far as they were recorded."""

    def __init__(self, recording: Recording, trials: Any) -> None:
        self._recording = recording
        self._trials = trials
        self._numbers = {id(case): number for number, case in enumerate(trials.evidence())}

    @property
    def mistakes(self) -> dict[str, RecordedMistake]:
        """By their ids."""
        return self._recording.mistakes

    def forms(self) -> Iterator[RecordedForm]:
        """All forms of all mistakes."""
        for mistake in self.mistakes.values():
            yield from mistake.forms

    def imitation(self, forms: Forms) -> "RecordedImitation":
        """The solution in which these mistakes are made."""
        names = tuple(form.name for form in forms)
        return RecordedImitation(self._recording, names, self._trials, self._numbers)

    def preview(self, forms: Forms, case: Any) -> Facts | None:
        """All that is known of a case, where nothing is drawn: it costs no play."""
        names = tuple(form.name for form in forms)
        if not self._recording.has(names):
            return _NEVER_SEEN
        return self._recording.facts(names, own(self._numbers[id(case)]))


_NEVER_SEEN: Facts = {"recorded": Said(False)}
"""Of two mistakes together that were not recorded: nothing agrees with it."""


@dataclass(frozen=True)
class RecordedImitation:
    """A solution that was played beforehand."""

    recording: Recording
    names: tuple[str, ...]
    trials: Any
    numbers: dict[int, int]

    def facts(self, case: Any) -> Facts:
        """What is known of it in a case, with its own chance."""
        return self._known(case, own(self.numbers[id(case)]))

    def facts_with(self, case: Any, drawn: tuple[int, ...], drawn_again: tuple[int, ...]) -> Facts:
        """What is known of it if it draws these actions."""
        number = self.numbers[id(case)]
        return self._known(case, *self.recording.drawing(number, drawn, drawn_again))

    def odds(self, case: Any) -> tuple[Fact, Chances | None]:
        """With which probabilities it draws the actions of a case's groups."""
        known = self._known(case, odds(self.numbers[id(case)]))
        again = known.get("again")
        return known.get("first", Unknown()), again if isinstance(again, Chances) else None

    def _known(self, case: Any, *contexts: str) -> Facts:
        """From the first context in which it was played."""
        if not self.recording.has(self.names):
            return _NEVER_SEEN
        for where in contexts:
            facts = self.recording.facts(self.names, where)
            if facts is not None:
                return facts
        return dict.fromkeys(self.trials.facts(case), Unknown())


@cache
def _recording(exercise: str) -> Recording | None:
    file = DATA / f"{exercise}.npz"
    return Recording(file) if file.is_file() else None


def suspects(trials: Any) -> RecordedSuspects | None:
    """Those of the exercise that is on trial; None if nothing of it was recorded."""
    recording = _recording(trials.exercise)
    return RecordedSuspects(recording, trials) if recording is not None else None
