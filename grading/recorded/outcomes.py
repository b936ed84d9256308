"""Recorded outcomes of the reference, by the case that it was played on."""

import hashlib
from functools import cache
from typing import Any, TypeVar

import msgpack

from grading.isolation.codec import from_plain, to_plain
from grading.recorded import DATA

FILE = "outcomes.msgpack"

Outcome = TypeVar("Outcome")


class NotRecorded(RuntimeError):
    """There is no recording of this case."""


def key(case: Any, exercise: str, name: str) -> str:
    """Names a call of a function: the same wherever the case is made."""
    content = msgpack.packb([exercise, name, to_plain(case)])
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def recorded(kind: type[Outcome], case: Any, exercise: str, name: str) -> Outcome:
    """The outcome of a call. Raises NotRecorded."""
    plain = _outcomes().get(key(case, exercise, name))
    if plain is None:
        raise NotRecorded(
            f"{case.description}: nothing was recorded of {name} in this case; "
            "a copy of the course without reference/ has the cases of seed 0 only"
        )
    outcome: Outcome = from_plain(kind, plain)
    return outcome


@cache
def _outcomes() -> dict[str, Any]:
    file = DATA / FILE
    if not file.is_file():
        raise NotRecorded("this copy of the course has neither reference/ nor recordings of it")
    outcomes: dict[str, Any] = msgpack.unpackb(file.read_bytes())
    return outcomes
