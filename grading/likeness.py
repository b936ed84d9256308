"""Which submissions are the same text, once names and comments are left out.

The same short function can be found twice by two honest people; a reader has to decide.
"""

import builtins
import hashlib
import keyword
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_BEGINS_STATEMENT = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
_KEPT = {*keyword.kwlist, *dir(builtins)}


def fingerprint(source: bytes) -> str:
    """Equal for sources that differ only in comments, layout, docstrings, and own names.

    Names are numbered in the order of their first use, those behind a dot too; keywords and
    builtins stay. A source that cannot be cut into tokens is compared as it is.
    """
    try:
        said = "\n".join(_normalised(source))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError, ValueError):
        said = repr(source)
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def _normalised(source: bytes) -> Iterator[str]:
    numbers: dict[str, int] = {}
    before, after_docstring = tokenize.NEWLINE, False
    for token in tokenize.tokenize(BytesIO(source).readline):
        if token.type in _SILENT:
            continue
        if after_docstring and token.type == tokenize.NEWLINE:
            after_docstring = False
            continue
        after_docstring = token.type == tokenize.STRING and before in _BEGINS_STATEMENT
        before = token.type
        if after_docstring:
            continue
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            yield tokenize.tok_name[token.type]
        elif token.type == tokenize.NAME and token.string not in _KEPT:
            yield f"name {numbers.setdefault(token.string, len(numbers))}"
        else:
            yield token.string


@dataclass(frozen=True)
class Alike:
    """Submissions in which some files are the same."""

    files: tuple[str, ...]
    submissions: tuple[str, ...]


def alike(submissions: Mapping[str, Mapping[str, bytes]]) -> list[Alike]:
    """Groups of two submissions or more, the largest first.

    `submissions` are the files of each that are to be compared, by their names.
    """
    same: dict[tuple[str, str], list[str]] = {}
    for name, files in submissions.items():
        for file, content in files.items():
            same.setdefault((file, fingerprint(content)), []).append(name)
    groups: dict[tuple[str, ...], list[str]] = {}
    for (file, _), names in same.items():
        if len(names) > 1:
            groups.setdefault(tuple(names), []).append(file)
    found = [Alike(tuple(files), names) for names, files in groups.items()]
    return sorted(found, key=lambda one: (-len(one.submissions), one.submissions))
