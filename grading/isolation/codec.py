"""Plain data from dataclasses and back, checked against the types that they declare.

A dataclass travels as a map of its fields, an array as a map of dtype, shape and little-endian
bytes. Reading is strict, because one side of the wire is hostile: a value of the wrong type, an
unknown dtype, a shape that does not fit its bytes or a key too many is Malformed, and text is made
showable, on one line.
"""

import types
from collections.abc import Callable
from dataclasses import Field, fields, is_dataclass
from functools import cache
from math import prod
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from grading.isolation.wire import MAX_FRAME, Malformed
from grading.text import one_line

DTYPES = ("<f4", "<f8", "<i8", "|b1")
MAX_DIMENSIONS = 4
MAX_TEXTS = 2_000
"""Texts in a list, such as the types of what was returned."""


def to_plain(value: Any) -> Any:
    """Dataclasses and arrays as maps, tuples as lists; all else as it is.

    Raises TypeError for anything else that is not plain.
    """
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if isinstance(value, np.ndarray):
        kept = value.dtype.newbyteorder("<").str in DTYPES
        array = np.ascontiguousarray(value, value.dtype.newbyteorder("<") if kept else "<f8")
        return {"dtype": array.dtype.str, "shape": list(value.shape), "data": array.tobytes()}
    if isinstance(value, (tuple, list)):
        return [to_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in _sent(type(value))}
    raise TypeError(f"{type(value).__name__} does not cross the wire")


def from_plain(declared: Any, data: Any) -> Any:
    """The value of a declared type. Raises Malformed."""
    read = _READERS.get(declared)
    if read is not None:
        return read(data)
    if declared is Any:
        return _anything(data)
    if is_dataclass(declared):
        return _dataclass(declared, data)
    origin, arguments = get_origin(declared), get_args(declared)
    if origin in (Union, types.UnionType):
        return _union(arguments, data)
    if origin is tuple:
        return _tuple(arguments, data)
    if origin is Literal:
        if data not in arguments:
            raise Malformed(f"not one of {arguments}")
        return data
    raise TypeError(f"{declared} cannot be read from the wire")


@cache
def _sent(declared: Any) -> tuple[Field[Any], ...]:
    """Without what has no part in a comparison: that is for a debugger in one process."""
    return tuple(field for field in fields(declared) if field.compare)


@cache
def _hints(declared: Any) -> dict[str, Any]:
    return get_type_hints(declared)


def _dataclass(declared: Any, data: Any) -> Any:
    names = {field.name for field in _sent(declared)}
    if not isinstance(data, dict) or data.keys() != names:
        raise Malformed(f"not a {declared.__name__}")
    hints = _hints(declared)
    return declared(**{name: from_plain(hints[name], data[name]) for name in names})


def _tuple(arguments: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise Malformed("not a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        if arguments[0] is str and len(data) > MAX_TEXTS:
            raise Malformed(f"{len(data)} texts")
        return tuple(from_plain(arguments[0], item) for item in data)
    if len(arguments) != len(data):
        raise Malformed(f"{len(data)} items for {len(arguments)}")
    return tuple(from_plain(one, item) for one, item in zip(arguments, data, strict=True))


def _union(arguments: tuple[Any, ...], data: Any) -> Any:
    if data is None and type(None) in arguments:
        return None
    others = [argument for argument in arguments if argument is not type(None)]
    if len(others) != 1:
        raise TypeError(f"{arguments}: only one type or None can be read from the wire")
    return from_plain(others[0], data)


def _array(data: Any) -> np.ndarray:
    if not isinstance(data, dict) or data.keys() != {"dtype", "shape", "data"}:
        raise Malformed("not an array")
    dtype, shape, content = data["dtype"], data["shape"], data["data"]
    if dtype not in DTYPES or not isinstance(shape, list) or not isinstance(content, bytes):
        raise Malformed("not an array of numbers")
    sizes = [_exactly(int)(size) for size in shape]
    if len(sizes) > MAX_DIMENSIONS or any(not 0 <= size <= MAX_FRAME for size in sizes):
        raise Malformed("an array of an impossible shape")
    # Without the zeros: numpy cannot make an empty array either if its other sizes are too large.
    if prod(max(size, 1) for size in sizes) > MAX_FRAME:
        raise Malformed("an array that is too large")
    if prod(sizes) * np.dtype(dtype).itemsize != len(content):
        raise Malformed("an array whose bytes do not fit its shape")
    return np.frombuffer(content, dtype).reshape(sizes).copy()


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise Malformed(f"not {kind.__name__}")
        return data

    return read


def _anything(data: Any) -> Any:
    if isinstance(data, list):
        return [_anything(item) for item in data]
    return _array(data) if isinstance(data, dict) else data


_READERS: dict[Any, Callable[[Any], Any]] = {
    bool: _exactly(bool),
    int: _exactly(int),
    float: _exactly(float),
    bytes: _exactly(bytes),
    str: lambda data: one_line(_exactly(str)(data)),
    np.ndarray: _array,
}
