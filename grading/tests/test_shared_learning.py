"""The challenge's learning check: one model with two heads, trained by the solution's own step."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from grading.bank.pipeline import FaultySolution, faulty, pipelines
from grading.cases import LearnersCase
from grading.checks import CheckFailed
from grading.learning import verdict
from grading.learning.audit import MAX_JUMP, least_agreement
from grading.learning.group import train_group
from grading.learning.rule import Look, rule_in_force
from grading.learning.verdict import require_learning
from grading.oracle import Reference, reference_solution
from grading.player import LocalPlayer
from grading.probes.training import Learners
from tests.test_shared_backbone import EXERCISE, STEP, networks

NAME = "shared_backbone"
SHORT = replace(rule_in_force(NAME), runs=4, looks=(Look(12, 0, 0),))


@pytest.fixture(autouse=True)
def one_thread():
    """As in the checks: half of a group is trained in a process that is forked."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def with_mistake(form):
    """A player of the reference with a mistake in it."""
    return LocalPlayer(FaultySolution(faulty(EXERCISE, form)))


def short_group(player, rule=SHORT):
    return train_group(player.learners, 3, rule, audit=Reference(), function=STEP)


def test_the_reference_passes_and_the_error_is_stated(monkeypatch):
    monkeypatch.setattr(verdict, "has_reference", lambda: False)  # as in the handout
    remarks = require_learning(LocalPlayer(reference_solution()), 0, NAME, STEP)
    assert "mean reward of 16 runs" in remarks[0]
    assert "fitted tail" in remarks[-1]


@pytest.mark.parametrize("form", ["sign_lost", "critic_only"])
def test_who_does_not_learn_fails(form):
    with pytest.raises(CheckFailed, match="does not learn as fast"):
        require_learning(with_mistake(form), 0, NAME, STEP)


def test_advantages_in_another_order_fail():
    pipeline = pipelines()[EXERCISE]
    borrowed = pipelines()["actor_critic_step"].form("advantages_reversed")
    player = LocalPlayer(FaultySolution(pipeline.build([borrowed])))
    with pytest.raises(CheckFailed, match="does not learn as fast"):
        require_learning(player, 0, NAME, STEP)


def test_the_right_updates_agree_with_themselves():
    group = short_group(LocalPlayer(reference_solution()))
    assert group.finished == 12
    assert group.audit.updates >= 24
    assert group.audit.cosine == pytest.approx(1, abs=1e-3)
    assert 0.9 < group.largest_change < 3.3  # Adam's own bound


def test_an_audit_begins_where_the_run_was_with_a_value_head_of_its_own():
    own, given = (networks(seed) for seed in (0, 1))
    learners = Learners(Reference(), LearnersCase((own,), 0.01, 0.01, 0, STEP), "cpu")
    learners.put_actor(0, given.actor)
    states = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    update = learners.learn(0, states, np.array([0, 1, 2, 0, 1]))
    origin = (*given.actor, *own.critic[2:])
    for after, before in zip((*update.actor, *update.critic[2:]), origin, strict=True):
        np.testing.assert_allclose(after, before, atol=0.011)  # one step of Adam


@pytest.mark.parametrize(
    "form", ["linear_trunk", "subtracted", "actor_only", "advantages_normalised[1e-08]"]
)
def test_a_mistake_that_learns_is_not_accused_of_forgery(form):
    """It fails the cases; that its weights come from nowhere must not be said of it."""
    group = short_group(with_mistake(form), replace(SHORT, looks=(Look(30, 0, 0),)))
    assert group.audit.cosine >= least_agreement(STEP)
    assert group.largest_change <= MAX_JUMP


def test_a_model_that_does_not_come_about_is_no_fault_of_the_grader():
    with pytest.raises(CheckFailed, match="three layers"):
        require_learning(with_mistake("two_trunks"), 0, NAME, STEP)
