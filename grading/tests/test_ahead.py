"""Half of a group is trained in a process of its own; whatever happens there, nothing is lost."""

import multiprocessing
import os
import time
from functools import partial

import numpy as np
import pytest

from grading.learning import ahead as module
from grading.learning.ahead import ahead, core_to_spare
from grading.learning.group import train_group, trained_by
from grading.learning.rule import Look, Rule
from grading.oracle import reference_function
from grading.solution import OwnFunction

STEP = reference_function("actor_critic_step", "actor_critic_step")
SMALL = Rule(runs=5, window=2, actor_lr=0.003, critic_lr=0.01, looks=(Look(4, 0, 0),))

pytestmark = pytest.mark.skipif(not core_to_spare(), reason="needs Linux and two cores")


def numbers(home, there):
    """Three numbers and the process that made them; in another process than `home`, a surprise."""
    yield 1, os.getpid()
    if os.getpid() != home:
        there()
    yield 2, os.getpid()
    yield 3, os.getpid()


def taken(there):
    """The numbers, and whether each was made here."""
    home = os.getpid()
    with ahead(partial(numbers, home, there)) as items:
        found = [(number, pid == home) for number, pid in items]
    assert not multiprocessing.active_children()
    return found


def test_items_are_made_in_another_process():
    assert taken(lambda: None) == [(1, False), (2, False), (3, False)]


@pytest.mark.parametrize("there", [lambda: os._exit(7), lambda: 1 // 0, lambda: exit(3)])
def test_what_a_process_that_ends_has_not_made_is_made_here(there, capfd):
    assert taken(there) == [(1, False), (2, True), (3, True)]
    assert capfd.readouterr() == ("", "")


def test_a_process_that_stands_still_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    begun = time.monotonic()
    assert taken(lambda: time.sleep(60))[1:] == [(2, True), (3, True)]
    assert time.monotonic() - begun < 30


def test_the_process_ends_with_the_context():
    with ahead(partial(numbers, os.getpid(), lambda: time.sleep(60))) as items:
        next(items)
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()


def test_a_group_of_two_halves_is_whole_and_fixed_by_its_seed():
    one, again = (
        train_group(trained_by(STEP), 1, SMALL, audit=OwnFunction(STEP), halves=True)
        for _ in range(2)
    )
    assert one.rewards.shape == (5, 4)
    assert (one.rewards >= 8).all()
    assert len(np.unique(one.rewards, axis=0)) == 5
    assert one.finished == 4
    assert one.audit.cosine > 0.99
    assert one.audit.updates >= 8
    np.testing.assert_array_equal(one.rewards, again.rewards)


def test_a_group_is_the_same_if_its_second_half_has_to_be_trained_here(monkeypatch):
    there = train_group(trained_by(STEP), 2, SMALL, halves=True)
    monkeypatch.setattr(module, "_work", lambda *_: os._exit(1))
    here = train_group(trained_by(STEP), 2, SMALL, halves=True)
    np.testing.assert_array_equal(there.rewards, here.rewards)


def test_what_a_step_raises_in_the_other_process_is_raised_here():
    home = os.getpid()

    def broken_elsewhere(*arguments):
        if os.getpid() != home:
            raise RuntimeError("there")
        return STEP(*arguments)

    # It is tried again here, where this one does not raise.
    assert train_group(trained_by(broken_elsewhere), 0, SMALL, halves=True).finished == 4

    calls = []

    def broken_later(*arguments):
        calls.append(arguments)
        if len(calls) > 3:
            raise RuntimeError("mine")
        return STEP(*arguments)

    with pytest.raises(RuntimeError, match="mine"):
        train_group(trained_by(broken_later), 0, SMALL, halves=True)
    assert not multiprocessing.active_children()
