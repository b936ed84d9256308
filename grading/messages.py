"""The failure message: the cause alone on the first line, then the facts, then where to go."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

WIDTH = 78
_LABEL = 10


@dataclass(frozen=True)
class Message:
    """What a student reads when a check fails; empty parts are left out."""

    cause: str
    """Plain English, one sentence."""
    got: str = ""
    expected: str = ""
    matches: str = ""
    """What the outcome is equal to, if that is known and not merely likely."""
    think: str = ""
    """A question or hint that points without solving."""
    case: str = ""
    """The smallest case that shows it."""
    read: str = ""
    """An anchor of exercises/README.md, without the number sign."""
    detail: str = ""
    """Lines to show as they are, such as the student's own frames."""

    def __str__(self) -> str:
        parts = [
            ("got", self.got),
            ("expected", self.expected),
            ("matches", self.matches),
            ("think", self.think),
            ("case", self.case),
            ("read", f"exercises/README.md#{self.read}" if self.read else ""),
        ]
        lines = textwrap.wrap(f"Diagnosis: {self.cause}", WIDTH, subsequent_indent="  ")
        lines += [f"  {line}" for line in self.detail.splitlines()]
        for label, text in parts:
            lines += textwrap.wrap(
                text,
                WIDTH,
                initial_indent=f"  {label:<{_LABEL}}",
                subsequent_indent=" " * (_LABEL + 2),
                break_long_words=False,
                break_on_hyphens=False,
            )
        return "\n".join(lines)


class Known(Protocol):
    """A mistake that has a name, as far as messages know it."""

    title: str
    misconception: str
    hint: str
    read: str


def name_the_cause(message: Message, mistakes: Sequence[Known]) -> Message:
    """The message with its cause named: the facts stay, the mistakes' words replace guesses."""
    titles = "; and ".join(mistake.title for mistake in mistakes)
    return replace(
        message,
        cause=f"{titles}." if len(mistakes) == 1 else f"two mistakes at once: {titles}.",
        got=message.got or message.cause,
        matches="; and: ".join(mistake.misconception for mistake in mistakes),
        think=mistakes[0].hint,
        read=mistakes[0].read,
    )


def number(value: float) -> str:
    """A number for a message: four significant digits."""
    return f"{value + 0.0:.4g}"  # no minus in front of a zero


def numbers(values: object, limit: int = 6) -> str:
    """A list of numbers for a message, its middle left out when it is long."""
    items = [number(float(value)) for value in values]  # type: ignore[attr-defined]
    if len(items) > limit:
        items = [*items[: limit - 2], "...", items[-1]]
    return "[" + ", ".join(items) + "]"
