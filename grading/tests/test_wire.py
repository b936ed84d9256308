"""The wire: frames that are whole, in time, of plain data and of the declared types, or nothing."""

import os
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import msgpack
import numpy as np
import pytest

from grading.cases import StepCase, random_networks
from grading.isolation.codec import from_plain, to_plain
from grading.isolation.wire import MAX_FRAME, Channel, Closed, Late, Malformed, pack, unpack
from grading.outcome import Raised, StepOutcome, Update


@pytest.fixture
def ends():
    """Two channels that are connected."""
    one_in, two_out = os.pipe()
    two_in, one_out = os.pipe()
    channels = Channel(one_in, one_out), Channel(two_in, two_out)
    yield channels
    for channel in channels:
        with suppress(OSError):  # the test closed it
            channel.close()


def soon():
    return time.monotonic() + 0.3


def test_what_is_sent_is_received(ends):
    one, two = ends
    for message in (None, [1, 2.5, "three", b"four", {"five": []}], float("inf"), -(2**62)):
        one.send(message, soon())
        assert two.receive(soon()) == message


def test_a_long_frame_goes_through_a_small_pipe(ends):
    one, two = ends
    message = b"x" * 1_500_000
    sender = threading.Thread(target=one.send, args=(message, time.monotonic() + 10))
    sender.start()
    assert two.receive(time.monotonic() + 10) == message
    sender.join()


def test_silence_is_late(ends):
    with pytest.raises(Late):
        ends[0].receive(soon())


def test_a_pipe_that_nobody_empties_is_late(ends):
    with pytest.raises(Late):
        ends[0].send(b"x" * 1_000_000, soon())


def test_drop_by_drop_is_late(ends):
    one, two = ends

    def drip():
        for byte in pack(b"x" * 100):
            os.write(one._outgoing, bytes([byte]))
            time.sleep(0.02)

    sender = threading.Thread(target=drip)
    sender.start()
    with pytest.raises(Late):
        two.receive(soon())
    sender.join()


def test_the_end_is_closed(ends):
    one, two = ends
    os.write(one._outgoing, struct.pack(">I", 100) + b"half")
    one.close()
    with pytest.raises(Closed):
        two.receive(soon())
    with pytest.raises(Closed):
        two.send(b"x" * 1_000_000, soon())


@pytest.mark.parametrize("length", [MAX_FRAME + 1, 2**32 - 1])
def test_an_announced_length_is_capped_before_anything_is_read(ends, length):
    one, two = ends
    os.write(one._outgoing, struct.pack(">I", length))
    with pytest.raises(Malformed, match=str(length)):
        two.receive(soon())


def test_too_long_a_message_is_not_sent(ends):
    with pytest.raises(ValueError, match="too long"):
        ends[0].send(b"x" * (MAX_FRAME + 1), soon())


BODIES = {
    "nothing": b"",
    "half a value": msgpack.packb("text")[:-1],
    "two values": msgpack.packb(1) * 2,
    "an extension": msgpack.packb(msgpack.ExtType(5, b"x")),
    "a timestamp": msgpack.packb(msgpack.Timestamp(1)),
    "bytes as text": b"\xa2\xff\xfe",
    "a number as key": msgpack.packb({1: 2}),
    "a list as key": b"\x81\x91\x01\x02",
    "a huge array": b"\xdd\xff\xff\xff\xff",
    "a huge map": b"\xdf\xff\xff\xff\xff",
    "a huge string": b"\xdb\xff\xff\xff\xff",
    "deep lists": b"\x91" * 100_000 + b"\x01",
    "deep maps": b"\x81\xa1a" * 100_000 + b"\x01",
    "a type that is none": b"\xc1",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_not_plain_data_is_malformed(body):
    with pytest.raises(Malformed):
        unpack(body)


# -- declared types


def test_a_dataclass_comes_back_as_it_was():
    networks = random_networks(np.random.default_rng(0))
    update = Update(networks.actor, networks.critic)
    back = from_plain(Update, msgpack.unpackb(msgpack.packb(to_plain(update))))
    for mine, theirs in zip(
        (*update.actor, *update.critic), (*back.actor, *back.critic), strict=True
    ):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    raised = Raised("exception", "ValueError: x", "exercises/x.py", 3, ("a", "b"), ValueError("x"))
    assert from_plain(Raised, to_plain(raised)) == raised


def test_an_exception_stays_where_it_is():
    assert "exception" not in to_plain(Raised("exception", "x", exception=ValueError("x")))


@dataclass(frozen=True)
class Sample:
    number: float
    words: tuple[str, ...]
    maybe: int | None = None


GOOD = {"number": 1.0, "words": ["a"], "maybe": 3}


def test_a_good_sample_is_read():
    assert from_plain(Sample, GOOD) == Sample(1.0, ("a",), 3)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 1},
        {"number": "1.0"},
        {"number": None},
        {"words": "a"},
        {"words": [b"a"]},
        {"words": {"a": 1}},
        {"maybe": True},
        {"maybe": 3.0},
        {"more": 1},
    ],
    ids=str,
)
def test_another_type_than_the_declared_one_is_malformed(change):
    with pytest.raises(Malformed):
        from_plain(Sample, GOOD | change)


def test_a_missing_field_is_malformed():
    with pytest.raises(Malformed):
        from_plain(Sample, {"number": 1.0, "words": []})


ARRAY = {"dtype": "<f4", "shape": [2, 2], "data": bytes(16)}


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "O"},
        {"dtype": "<M8[s]"},
        {"dtype": "<f4,<f4"},
        {"dtype": ["<f4"]},
        {"shape": [2, 3]},
        {"shape": [-2, -2]},
        {"shape": [2.0, 2]},
        {"shape": [True, 4]},
        {"shape": [2**40, 2**40]},
        {"shape": [0, 2**62]},
        {"shape": [1, 1, 1, 4, 1]},
        {"shape": "22"},
        {"data": "text"},
        {"data": bytes(15)},
        {"more": 1},
    ],
    ids=str,
)
def test_an_array_that_does_not_add_up_is_malformed(change):
    with pytest.raises(Malformed):
        from_plain(np.ndarray, ARRAY | change)


def test_half_precision_travels_as_floats():
    assert to_plain(np.ones(2, np.float16))["dtype"] == "<f8"


def test_what_is_not_plain_does_not_cross():
    with pytest.raises(TypeError, match="does not cross the wire"):
        to_plain(object())
    with pytest.raises(TypeError, match="does not cross the wire"):
        to_plain(StepCase)


def test_text_comes_out_on_one_visible_line():
    said = "\x1b[31mred\n::error::no\u202etrap \ud800 ##[error]x"
    raised = from_plain(Raised, to_plain(Raised("exception", said)))
    assert raised.cause == r"\x1b[31mred ::error::no\u202etrap \ud800 ## [error]x"
    assert len(from_plain(str, "x" * 1_000_000)) < 2_100


def test_a_literal_is_one_of_its_values():
    with pytest.raises(Malformed):
        from_plain(Raised, to_plain(Raised("exception", "x")) | {"kind": "passed"})
    with pytest.raises(Malformed):
        from_plain(Raised, to_plain(Raised("exception", "x")) | {"kind": ["exception"]})
    with pytest.raises(Malformed):
        from_plain(StepOutcome, [])
