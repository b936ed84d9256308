"""Suspects: the mistakes that a solution may have made, wherever they come from.

The bank plays them when it is asked; a recording has played them all beforehand.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

from grading.evidence import Chances, Fact, Facts


class Form(Protocol):
    """One way of making a mistake."""

    @property
    def mistake(self) -> str:
        """Id of the mistake."""

    @property
    def name(self) -> str:
        """Of the form."""

    @property
    def function(self) -> str:
        """The name without the value of a parameter."""

    @property
    def pieces(self) -> Collection[str]:
        """Of the exercise, which it overrides."""

    def composes_with(self, other: Any) -> bool:
        """Whether the two override different pieces."""


Forms = tuple[Form, ...]
"""Mistakes that are made together; none of them: the truth."""


class Mistake(Protocol):
    """A mistake: what a student reads, and its forms."""

    id: str
    title: str
    misconception: str
    hint: str
    read: str

    @property
    def forms(self) -> Sequence[Form]:
        """All of them, the usual one first."""


class Imitation(Protocol):
    """Another solution in the place of the one that is on trial."""

    def facts(self, case: Any) -> Facts:
        """What is known of it in a case, with its own chance."""

    def facts_with(self, case: Any, drawn: tuple[int, ...], drawn_again: tuple[int, ...]) -> Facts:
        """What is known of it if it draws these actions; see grading.draws."""

    def odds(self, case: Any) -> tuple[Fact, Chances | None]:
        """With which probabilities it draws the actions of a case's groups.

        The second are those of a second draw in the same step, if there is one.
        """


class Suspects(Protocol):
    """The mistakes of one exercise."""

    @property
    def mistakes(self) -> Mapping[str, Mistake]:
        """By their ids."""

    def forms(self) -> Iterator[Form]:
        """All forms of all mistakes."""

    def imitation(self, forms: Forms) -> Imitation:
        """The solution in which these mistakes are made."""

    def preview(self, forms: Forms, case: Any) -> Facts | None:
        """Some facts of a case, cheaply; None where only a play can tell."""
