"""Facts as bytes, and back."""

from typing import Any

import msgpack
import numpy as np

from grading.evidence import Chances, Decided, Fact, Measured, Said, Sketch, Unknown

FEW = 64
"""Numbers that are kept as they are; of more, a sketch is."""


def packed(fact: Fact) -> bytes:
    """A fact as bytes. Raises TypeError for one that is never recorded."""
    return bytes(msgpack.packb(_plain(fact)))


def _plain(fact: Fact) -> list[Any]:
    match fact:
        case Said(what):
            return ["said", _tagged(what)]
        case Measured():
            sketch = fact.sketch
            if fact.values.size > FEW and sketch is not None:
                return _plain(sketch)
            numbers = fact.values.astype("<f8").tobytes()
            shape = list(fact.values.shape)
            return ["measured", shape, numbers, fact.tolerance, fact.rounding, fact.each]
        case Sketch():
            numbers = fact.projected.astype("<f4").tobytes()
            return ["sketch", list(fact.shape), fact.norm, numbers, fact.tolerance, fact.rounding]
        case Chances(of_groups):
            return ["chances", list(of_groups)]
        case Decided():
            return ["decided"]
        case Unknown():
            return ["unknown"]
    raise TypeError(f"{type(fact).__name__} is not recorded")


def unpacked(data: bytes) -> Fact:
    """A fact as `packed` wrote it."""
    kind, *parts = msgpack.unpackb(data, strict_map_key=False)
    match kind:
        case "said":
            return Said(_untagged(parts[0]))
        case "measured":
            shape, numbers, tolerance, rounding, each = parts
            values = np.frombuffer(numbers, "<f8").reshape(shape)
            return Measured(values, tolerance, rounding, each)
        case "sketch":
            shape, norm, numbers, tolerance, rounding = parts
            projected = np.frombuffer(numbers, "<f4").astype(np.float64)
            return Sketch(tuple(shape), norm, projected, tolerance, rounding)
        case "chances":
            return Chances(tuple(parts[0]))
        case "decided":
            return Decided()
    return Unknown()


def _tagged(what: Any) -> Any:
    """Tuples and sets told apart: msgpack has lists only."""
    if isinstance(what, tuple):
        return ["t", *map(_tagged, what)]
    if isinstance(what, frozenset):
        return ["s", *sorted(map(_tagged, what))]
    if what is None or isinstance(what, (bool, int, float, str)):
        return what
    raise TypeError(f"{type(what).__name__} is not recorded")


def _untagged(what: Any) -> Any:
    if isinstance(what, list):
        kind, *items = what
        return (tuple if kind == "t" else frozenset)(map(_untagged, items))
    return what
