"""Text that a submission can choose, made safe to show: in a terminal, a log, a page."""

import unicodedata

MAX_CHARACTERS = 2_000

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Control, format (bidirectional too), surrogate, private and unassigned; line separators."""


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    """The same in visible characters, on one line; what is cut off or cannot be shown is said so.

    Nothing in it moves a cursor or colours a line, and `##[`, which is a command to a workflow's
    runner wherever it stands, is taken apart. A command `::...` is one only where a line begins:
    reports put something of their own before each line.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and "##[" not in text:
        return text
    shown = "".join(_visible(character) for character in text[:limit])
    if len(text) > limit:
        shown += f"... and {len(text) - limit:,} characters more"
    return shown.replace("##[", "## [")


def _visible(character: str) -> str:
    if character in "\n\t":
        return " "
    if unicodedata.category(character) in _UNSEEN:
        return character.encode("unicode_escape").decode("ascii")
    return character
