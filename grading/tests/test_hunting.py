"""The bug hunt: the hidden steps, what a test of steps is worth, and what it is told."""

from collections import Counter
from types import SimpleNamespace

import pytest

from grading.bank.pipeline import pipelines
from grading.cases import HuntCase
from grading.checks import CheckFailed
from grading.hidden_steps import (
    OF_EACH,
    RETURNED,
    SECOND_CALL,
    common_steps,
    faulty_steps,
    honest_steps,
    is_honest,
    place_of,
    public_steps,
    step_named,
)
from grading.hunting import Score, score, slipped_through
from grading.oracle import reference_solution
from grading.outcome import HuntOutcome, Raised, Verdict
from grading.player import LocalPlayer
from tests import test_bug_hunt as checks
from tests.test_bug_hunt import EPISODE, EXERCISE, OTHERWISE, READ, SEES, every, require_score

RIGHT = {True: Verdict("correct"), False: Verdict("wrong")}
RAISES = Verdict("", Raised("exception", "ZeroDivisionError: division by zero"))


def outcome_of(case, wrong=(), verdict=None, misuse=()):
    """Right verdicts of the steps of a case, or a given one, except of some."""
    return HuntOutcome(
        tuple(
            (verdict or RIGHT[not is_honest(name)]) if name in wrong else RIGHT[is_honest(name)]
            for name in case.steps
        ),
        misuse,
    )


def message(wrong, least=1.0, **said):
    """What whoever is wrong about some steps is told."""
    trials = SimpleNamespace(outcome=lambda case: outcome_of(case, wrong, **said))
    with pytest.raises(CheckFailed) as caught:
        require_score(trials, 0, least)
    return caught.value


def at(place):
    return [name for name in faulty_steps() if place_of(name) == place]


# -- hidden steps


def test_no_place_and_no_function_counts_twice():
    functions = {form.name: form.function for form in pipelines()["actor_critic_step"].forms()}
    hidden = [functions[name.partition("/")[2]] for name in faulty_steps()]
    assert len(set(hidden)) == len(hidden) > 60
    assert max(Counter(map(place_of, faulty_steps())).values()) == OF_EACH
    assert len(set(map(place_of, faulty_steps()))) == 9


def test_common_faults_are_among_the_hidden_ones():
    assert set(common_steps()) <= set(faulty_steps())


def test_every_step_can_be_had_and_none_is_public():
    steps = [step_named(name) for name in (*public_steps(), *faulty_steps(), *honest_steps())]
    assert all(map(callable, steps))
    assert not set(public_steps()) & set(every(0).steps)


def test_the_order_tells_nothing_and_is_another_for_another_seed():
    one, other = every(0).steps, every(1).steps
    assert sorted(one) == sorted(other)
    assert one != other
    honest = [number for number, name in enumerate(one) if is_honest(name)]
    assert honest != list(range(len(honest)))


# -- scores


def test_a_score_is_sensitivity_and_specificity_above_chance():
    case = HuntCase("four", (*faulty_steps()[:2], *honest_steps()[:2]))
    yes, no = RIGHT[True], RIGHT[False]
    for said, value in (
        ((no, no, yes, yes), 1.0),
        ((yes, yes, yes, yes), 0.0),
        ((no, no, no, no), 0.0),
        ((no, yes, yes, yes), 0.5),
        ((yes, yes, no, no), -1.0),
        ((RAISES, no, Verdict("None"), yes), 0.0),
    ):
        assert score(case, HuntOutcome(said)).value == value


def test_a_score_is_told_in_percent_and_in_steps():
    assert str(Score(refused=3, faulty=4, accepted=2, honest=2)) == (
        "sensitivity 75% (3 of 4), specificity 100% (2 of 2), score 75%"
    )


def test_what_slips_through_most_often_comes_first():
    case = every(0)
    missed = [*at("the actor only")[:1], *at(SECOND_CALL)]
    found = slipped_through(case, outcome_of(case, missed))
    assert found[0] == (SECOND_CALL, 4, 4)
    assert found[1][:2] == ("the actor only", 1)
    assert len(found) == 2


# -- what the checks say


def test_a_right_test_of_steps_passes():
    player = LocalPlayer(reference_solution())
    trials = checks.trials.__wrapped__(player, 0)
    assert require_score(trials, 0, 1.0).value == 1
    assert trials.mistakes == ()


@pytest.mark.parametrize(
    ("wrong", "words", "read"),
    [
        (at("both losses and both networks")[:1], "whose fault shows in both losses and", EPISODE),
        (at("both losses and both networks"), "8 of 8 steps whose fault shows in both", SEES),
        (at(SECOND_CALL), "4 of 4 steps whose fault shows in a second call", SEES),
        (at(RETURNED)[:3], "3 of 8 steps whose fault shows in what they return", SEES),
        (honest_steps()[3:5], "it refuses steps that are right", OTHERWISE),
        ([*honest_steps()[3:9], *at(SECOND_CALL)], "it refuses steps that are right", OTHERWISE),
    ],
)
def test_the_message_says_where_to_look(wrong, words, read):
    failed = message(wrong)
    assert words in str(failed)
    assert failed.message.read == read
    assert not any(name.partition("/")[2] in str(failed) for name in faulty_steps())


def test_the_message_says_what_keeps_a_test_from_an_answer():
    failed = message(faulty_steps()[:7], verdict=RAISES)
    assert "it raises ZeroDivisionError for 7 of the steps" in str(failed)
    assert failed.message.read == READ
    failed = message(faulty_steps()[:7], misuse=("rewards are no numbers",))
    assert "some of its calls could not be made: rewards are no numbers" in str(failed)


SWALLOWS = """
from contextlib import suppress
from torch.optim import RMSprop
from lesson import Actor, Critic

def is_correct(step):
    actor, critic = Actor(4, 2), Critic(4)
    with suppress(Exception):
        step(actor, critic, *(RMSprop(n.parameters()) for n in (actor, critic)), [], [], [])
        return True
    return False
"""


def test_who_swallows_what_keeps_a_call_from_being_made_is_told_of_it(submit, grade):
    results = grade(submit(**{EXERCISE: SWALLOWS}))
    told = " ".join(str(results[checks.HALF].message).split())
    assert "some of its calls could not be made: actor_optimizer: use torch.optim's SGD" in told
    assert told.endswith(f"#{checks.SENT}")


@pytest.mark.parametrize(("least", "missed"), [(0.5, 34), (0.75, 17), (0.9, 6), (0.98, 1)])
def test_each_check_lets_so_many_faults_through(least, missed):
    trials = SimpleNamespace(outcome=lambda case: outcome_of(case, faulty_steps()[:missed]))
    assert require_score(trials, 0, least).refused == 68 - missed
    message(faulty_steps()[: missed + 1], least)


def test_without_the_bank_nothing_is_said_of_hidden_steps(monkeypatch):
    monkeypatch.setattr(checks, "have_hidden_steps", lambda: False)
    assert [case.steps for case in checks.evidence(0)] == [public_steps()]
    failed = message(())
    assert failed.status == "not_attempted"
    assert "python -m lesson hunt" in str(failed)


@pytest.mark.parametrize("returns", ["True", "False"])
def test_always_the_same_answer_scores_nothing(returns, submit, grade):
    results = grade(submit(**{EXERCISE: f"def is_correct(step):\n    return {returns}\n"}))
    points = {i: r.points for i, r in results.items() if i.startswith(EXERCISE)}
    assert len(points) == 6
    assert set(points.values()) == {0}
