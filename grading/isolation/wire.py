"""The wire between the trusted side and a worker: frames of msgpack over two pipes.

A frame is a 4-byte big-endian length, capped before anything is read, and one msgpack value of
plain data. Nothing that comes in is ever executed or unpickled, and no call waits longer than its
deadline. Each side's ends belong to it alone, so a frame is read and written whole or not at all.
"""

import os
import select
import struct
import time
from typing import Any

import msgpack

MAX_FRAME = 2 * 2**20
"""Bytes of the longest frame: many times what an episode of 1,200 steps needs, and few enough that
a frame of nothing but empty lists, a byte each, does no harm."""
MAX_ITEMS = 200_000

_LENGTH = struct.Struct(">I")
_CHUNK = 65_536
SPINS = 300
"""Times to look for an answer before going to sleep: most come at once, and waking up takes longer
than they do."""


class WireError(Exception):
    """The conversation cannot go on."""


class Malformed(WireError):
    """What came in is not a frame of plain data."""


class Closed(WireError):
    """The other side has gone."""


class Late(WireError):
    """The deadline passed."""


def pack(message: object) -> bytes:
    """One frame. Raises ValueError if it would be longer than MAX_FRAME."""
    body: bytes = msgpack.packb(message)
    if len(body) > MAX_FRAME:
        raise ValueError(f"a frame of {len(body)} bytes is too long")
    return _LENGTH.pack(len(body)) + body


def unpack(body: bytes) -> Any:
    """The value of a frame's body. Raises Malformed."""
    try:
        return msgpack.unpackb(
            body,
            strict_map_key=True,
            max_str_len=MAX_FRAME,
            max_bin_len=MAX_FRAME,
            max_array_len=MAX_ITEMS,
            max_map_len=1_000,
            max_ext_len=0,
        )
    # All that msgpack raises of bad input is a ValueError: so are its own and Unicode's.
    except (ValueError, msgpack.exceptions.UnpackException) as error:
        raise Malformed(f"not msgpack: {type(error).__name__}") from error


class Channel:
    """The two pipes of one side; file descriptors, which it owns. Deadlines are monotonic times."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._come_in = bytearray()
        for end in (incoming, outgoing):
            os.set_blocking(end, False)

    def send(self, message: object, deadline: float | None = None) -> None:
        """Write a frame. Raises Closed, Late, and ValueError for one that is too long."""
        left = memoryview(pack(message))
        while left:
            try:
                left = left[os.write(self._outgoing, left) :]
            except BlockingIOError:
                _wait(self._outgoing, select.POLLOUT, deadline)
            except BrokenPipeError as error:
                raise Closed("nobody reads") from error

    def receive(self, deadline: float | None = None) -> Any:
        """The value of the next frame. Raises Malformed, Closed, Late."""
        self._fill(_LENGTH.size, deadline)
        (length,) = _LENGTH.unpack_from(self._come_in)
        if length > MAX_FRAME:
            raise Malformed(f"a frame of {length} bytes")
        whole = _LENGTH.size + length
        self._fill(whole, deadline)
        body = bytes(self._come_in[_LENGTH.size : whole])
        del self._come_in[:whole]
        return unpack(body)

    def pending(self) -> bool:
        """Whether there is something to read, or the other side has gone."""
        return bool(self._come_in or select.select([self._incoming], [], [], 0)[0])

    def close(self) -> None:
        """Close both ends."""
        os.close(self._incoming)
        os.close(self._outgoing)

    def _fill(self, size: int, deadline: float | None) -> None:
        """Read until so many bytes have come in: as they arrive, whatever was announced."""
        impatience = SPINS
        while len(self._come_in) < size:
            try:
                part = os.read(self._incoming, _CHUNK)
            except BlockingIOError:
                impatience -= 1
                if impatience < 0:
                    _wait(self._incoming, select.POLLIN, deadline)
                continue
            if not part:
                raise Closed("end of input")
            self._come_in += part
            # Drop by drop, a frame could take for ever.
            if deadline is not None and time.monotonic() > deadline:
                raise Late("the deadline passed")


def _wait(end: int, event: int, deadline: float | None) -> None:
    poll = select.poll()
    poll.register(end, event)
    if deadline is None:
        poll.poll()
    elif not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise Late("the deadline passed")
