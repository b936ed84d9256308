"""The trusted side of the wire under nonsense: no crash, no hang, no growth.

A worker's answers to real requests are recorded, changed in every way that comes to mind, and
played back. Each ends in an outcome or in a `Raised`; nothing else ever comes out. `nox -s fuzz`
plays 100,000.
"""

import gc
import os
import struct
import sys
import time
import tracemalloc
import types
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grading.cases import HuntCase, LearnersCase, TrainingCase, told
from grading.isolation.codec import from_plain, to_plain
from grading.isolation.intake import Intake
from grading.isolation.plays import messages
from grading.isolation.process import Worker
from grading.isolation.remote import RemotePlayer
from grading.isolation.wire import Channel, WireError
from grading.oracle import reference_function, reference_solution
from grading.outcome import (
    Collected,
    CollectOutcome,
    FunctionOutcome,
    HuntOutcome,
    Raised,
    StepOutcome,
    TrainingOutcome,
    Update,
    Verdict,
)
from grading.player import LocalPlayer
from grading.probes.collect import Stage, collect
from grading.probes.lent import lent
from grading.probes.live import preserved_globals
from lesson import Actor, Critic
from tests import test_actor_critic_step as step_checks
from tests import test_collect_episode as collect_checks

MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "5000"))
PER_EXAMPLE = 50
STEP = ("actor_critic_step", "actor_critic_step")
HUNT = HuntCase("a step", ("reference",))
COLLECT = ("collect_episode", "collect_episode_with_values")


@pytest.fixture(autouse=True)
def named(monkeypatch):
    """One step, and none of the course's own."""
    module = types.ModuleType("grading.hidden_steps")
    module.step_named = lambda _name: reference_function(*STEP)
    monkeypatch.setitem(sys.modules, "grading.hidden_steps", module)


class Parrot(Worker):
    """A worker that says what it was told to, whatever it is asked; pipes without a process."""

    def __init__(self, speech):
        incoming, self.mouth = os.pipe()
        self.ear, outgoing = os.pipe()
        self.channel = Channel(incoming, outgoing)
        self._ready = True
        self._sandboxed = self
        os.set_blocking(self.mouth, False)
        self.speech = speech

    def converse(self, request, _deadline, answer):
        with suppress(BlockingIOError):  # what does not fit is never said
            os.write(self.mouth, self.speech)
        os.close(self.mouth)
        # It has been said after the request: what comes before would be noticed by itself.
        self.pending, self.channel.pending = self.channel.pending, lambda: False
        try:
            return super().converse(request, time.monotonic() + 0.5, answer)
        finally:
            self.channel.pending = self.pending

    def exit_code(self, **_):
        return 0

    def stop(self):
        for end in (self.ear,):
            os.close(end)
        self.channel.close()


def frames(*messages):
    bodies = [msgpack.packb(message) for message in messages]
    return b"".join(struct.pack(">I", len(body)) + body for body in bodies)


def step_call():
    """A call of a lent step, as a worker sends it."""
    kept = []
    with preserved_globals(0), suppress(StopIteration):
        actor, critic = Actor(2, 2, 3), Critic(2, 3)
        optimizers = [torch.optim.Adam(network.parameters()) for network in (actor, critic)]
        states = [np.ones(2, np.float32)] * 2
        log_probs = [actor.sample_action(torch.from_numpy(state))[1] for state in states]
        step = lent(lambda request: kept.append(request) or next(iter(())), [])
        step(actor, critic, *optimizers, states, log_probs, [1.0, 2.0])
    return [["env", *message] for message in messages(0, kept[0])]


@cache
def recorded():
    """What an honest worker says to each kind of request, before its last word and as that."""
    here = LocalPlayer(reference_solution())
    step_case = step_checks.several_calls(0, "sgd", 2)
    collect_case = collect_checks.terminated(0)
    with Stage(collect_case) as stage:
        collected = collect(
            reference_solution(), told(collect_case), stage.next_play, "cpu", *COLLECT
        )
    function = FunctionOutcome("float", ("float",), np.ones(3))
    networks = step_case.networks
    play = [["env", "play"], ["env", "reset", None], *([["env", "step", 0]] * 3)]
    return {
        "step": ([], ["done", to_plain(here.step(step_case, *STEP))]),
        "function": ([], ["done", to_plain(function)]),
        "collect": (play, ["done", to_plain(collected)]),
        "hunt": (
            step_call() * 2,
            ["done", to_plain(HuntOutcome((Verdict("correct"),), ("misuse",)))],
        ),
        "training": (
            [["env", "reset", 3], ["env", "step", 1], ["env", "close"]],
            ["done", {"actor_losses": [1.0], "critic_losses": [None], "moved": [], "raised": None}],
        ),
        "learn": ([], ["done", to_plain(Update(networks.actor, networks.critic))]),
        "raised": ([], ["raised", to_plain(Raised("exception", "x", "exercises/a.py", 3))]),
    }


def ask(kind, speech):
    """What comes out of a request that is answered with this speech."""
    worker = Parrot(speech)
    player = RemotePlayer(Intake(), lambda: worker, worker)
    player.begin(0.5)
    try:
        if kind in ("step", "raised"):
            return player.step(step_checks.several_calls(0, "sgd", 2), *STEP)
        if kind == "function":
            return player.function(step_checks.varied(0), *STEP)
        if kind == "collect":
            return player.collect(collect_checks.terminated(0), *COLLECT)
        if kind == "hunt":
            return player.hunt(HUNT, *STEP)
        if kind == "training":
            return player.training(TrainingCase("x", "CartPole-v1", 3, 0))
        case = LearnersCase((step_checks.varied(0).networks,), 0.01, 0.01, 0)
        with player.learners(case) as learn:
            return learn(0, np.ones((2, 4), np.float32), np.zeros(2, np.int64))
    finally:
        player.close()


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.sampled_from(["done", "raised", "env", "play", "reset", "step", "close", "<f4", "O"])
    | st.sampled_from([b"\0" * 64, "\n::error::", 2**62, -1]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=6,
)
PLACES = st.lists(st.integers(0, 30), min_size=1, max_size=6)


def changed(value, place, replacement):
    """A copy with what is found by following a place replaced, or taken away."""
    if isinstance(value, (list, dict)) and value and place:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = keys[place[0] % len(keys)]
        if len(place) == 1 and replacement == "gone":
            if isinstance(value, dict):
                return {k: v for k, v in value.items() if k != key}
            return value[:key] + value[key + 1 :]
        new = changed(value[key], place[1:], replacement)
        if isinstance(value, dict):
            return value | {key: new}
        return [*value[:key], new, *value[key + 1 :]]
    return replacement


@st.composite
def speeches(draw):
    """A request, and an answer with something wrong in it: in its data, in its bytes, or in all."""
    kind = draw(st.sampled_from(sorted(recorded())))
    before, last = recorded()[kind]
    how = draw(st.integers(0, 5))
    if how == 0:
        return kind, draw(st.binary(max_size=60))
    if how == 1:
        return kind, frames(*draw(st.lists(ANYTHING, max_size=4)))
    if how == 2:
        asked = draw(st.lists(st.lists(ANYTHING, max_size=3), max_size=4))
        return kind, frames(*([["env", *one] for one in asked]), *before, last)
    new = changed([*before, last], draw(PLACES), draw(st.just("gone") | ANYTHING))
    speech = frames(*(new if isinstance(new, list) else [new]))
    if how == 3 and speech:
        at = draw(st.integers(0, len(speech) - 1))
        return kind, speech[:at] + draw(st.binary(max_size=6)) + speech[
            at + draw(st.integers(0, 6)) :
        ]
    return kind, speech


OUTCOMES = (
    StepOutcome,
    FunctionOutcome,
    CollectOutcome,
    HuntOutcome,
    TrainingOutcome,
    Update,
    Raised,
)


@settings(
    max_examples=max(1, MESSAGES // PER_EXAMPLE),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(speeches(), min_size=PER_EXAMPLE, max_size=PER_EXAMPLE))
def test_no_answer_of_a_worker_breaks_the_trusted_side(several):
    for kind, speech in several:
        began = time.monotonic()
        assert isinstance(ask(kind, speech), OUTCOMES)
        assert time.monotonic() - began < 10  # many times a deadline


def test_the_recorded_answers_are_understood():
    """What is changed above is right before it is: else nothing would get past the first check."""
    for kind, (before, last) in recorded().items():
        outcome = ask(kind, frames(*before, last))
        if kind == "raised":
            assert outcome.raised.cause == "x"
        elif kind != "learn":
            raised = outcome.trained.raised if kind == "training" else outcome.raised
            assert raised is None, kind


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nonsense_leaves_nothing_behind():
    speech = frames(["done", {"calls": [[0] * 1000] * 50}], ["env", "step", "x" * 1000])
    for _ in range(20):
        ask("step", speech)
    open_before = descriptors()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for kind in sorted(recorded()) * 50:
        ask(kind, speech)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert descriptors() == open_before
    assert grown < 200_000


def test_outcomes_of_any_data_are_read_or_refused():
    for declared in (StepOutcome, Collected, FunctionOutcome, HuntOutcome, Update, Raised):
        for data in (None, 1, "x", [], {}, {"raised": {}}, [[[[]]]]):
            with suppress(WireError):
                from_plain(declared, data)
                raise AssertionError(f"{declared} was read from {data}")
