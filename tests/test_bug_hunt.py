"""The checks of a challenge, a test of somebody else's update: 15 bonus points."""

from functools import cache

import pytest

from grading.cases import HuntCase, generator
from grading.checks import CheckFailed, check, fail_raised
from grading.hidden_steps import (
    SECOND_CALL,
    common_steps,
    faulty_steps,
    have_hidden_steps,
    honest_steps,
    public_steps,
)
from grading.hunting import Score, hunt_facts, score, slipped_through
from grading.messages import Message
from grading.outcome import HuntOutcome, Verdict
from grading.player import Player
from grading.trials import HuntTrials

EXERCISE = "challenges/bug_hunt"
RUNS = f"{EXERCISE}/runs"
EXAMPLES = f"{EXERCISE}/examples"
HALF = f"{EXERCISE}/half"
MORE = f"{EXERCISE}/three_quarters"
MOST = f"{EXERCISE}/nine_tenths"
ALL = f"{EXERCISE}/all_but_one"

READ = "challenge-the-bug-hunt"
SENT = "what-can-be-sent"
SEES, EPISODE, OTHERWISE = "what-a-test-can-see", "an-episode-that-tells", "right-in-another-way"
HANDED_OUT = (
    "the hidden steps are not in this copy: your score comes from whoever grades you. "
    "python -m lesson hunt tries your test on the examples and on your own update"
)


@pytest.fixture
def trials(player: Player, case_seed: int) -> HuntTrials:
    return HuntTrials.of(player, case_seed, evidence, EXERCISE, "is_correct", READ, hunt_facts)


@cache
def public() -> HuntCase:
    return HuntCase("the faulty steps of lesson/faulty_steps.py", public_steps())


@cache
def common(seed: int) -> HuntCase:
    """What tells most mistakes in a test apart: faults that are common, and a few honest steps."""
    return HuntCase("common faults", (*common_steps(), *honest_steps()[:6]), seed)


@cache
def sample(seed: int) -> HuntCase:
    """Few steps, but of each kind."""
    return HuntCase("some hidden steps", (*faulty_steps()[::4], *honest_steps()[6::4]), seed)


@cache
def every(seed: int) -> HuntCase:
    """All hidden steps, in an order that tells nothing."""
    names = [*faulty_steps(), *honest_steps()]
    generator(seed, "hunt").shuffle(names)
    return HuntCase(f"{len(names)} hidden steps", tuple(names), seed)


def evidence(seed: int) -> list[HuntCase]:
    """What mistakes are known by."""
    return [public(), common(seed), sample(seed)] if have_hidden_steps() else [public()]


@check(RUNS, points=1, bonus=True, beside=[[HALF]], time_limit=60)
def test_it_says_true_or_false(trials: HuntTrials) -> None:
    """It says True or False of a step, whatever the step does."""
    require_answers(public(), trials.outcome(public()))


@check(EXAMPLES, points=2, bonus=True, needs=[RUNS], beside=[[HALF]])
def test_it_refuses_the_examples(trials: HuntTrials) -> None:
    """It refuses the faulty steps of the lesson."""
    case = public()
    verdicts = trials.outcome(case).verdicts
    accepted = [
        name.partition("/")[2]
        for name, verdict in zip(case.steps, verdicts, strict=True)
        if verdict.said != "wrong"
    ]
    if accepted:
        raise CheckFailed(
            Message(
                "it accepts a step that is faulty.",
                got=f"True for {', '.join(accepted)}",
                expected="False for each",
                think="what does this step do, or not do, and where could a test see it?",
                case=case.description,
                read=SEES,
            )
        )


@check(HALF, points=3, bonus=True, needs=[RUNS], time_limit=120)
def test_half_of_what_can_be_told_apart(
    trials: HuntTrials, case_seed: int, remarks: list[str]
) -> None:
    """It tells hidden faulty steps from right ones, with a score of at least 50%."""
    remarks.append(f"{require_score(trials, case_seed, 0.5)}.")


@check(MORE, points=3, bonus=True, needs=[HALF], time_limit=120)
def test_three_quarters_of_what_can_be_told_apart(trials: HuntTrials, case_seed: int) -> None:
    """It tells hidden faulty steps from right ones, with a score of at least 75%."""
    require_score(trials, case_seed, 0.75)


@check(MOST, points=3, bonus=True, needs=[MORE], time_limit=120)
def test_nine_tenths_of_what_can_be_told_apart(trials: HuntTrials, case_seed: int) -> None:
    """It tells hidden faulty steps from right ones, with a score of at least 90%."""
    require_score(trials, case_seed, 0.9)


@check(ALL, points=3, bonus=True, needs=[MOST], time_limit=120)
def test_all_but_one_of_what_can_be_told_apart(trials: HuntTrials, case_seed: int) -> None:
    """It tells hidden faulty steps from right ones; one faulty step may slip through."""
    require_score(trials, case_seed, 0.98)


def require_answers(case: HuntCase, outcome: HuntOutcome) -> None:
    odd = next((v for v in outcome.verdicts if v.said not in ("correct", "wrong")), None)
    if odd is None:
        return
    if outcome.misuse:
        raise CheckFailed(
            Message(
                "it calls the step in a way in which it cannot be called.",
                got=outcome.misuse[0],
                expected="arguments as the docstring describes them",
                think="which networks, optimizers and lists does the lesson's loop hand over?",
                case=case.description,
                read=SENT,
            )
        )
    if odd.raised is not None:
        fail_raised(odd.raised, case.description, READ)
    raise CheckFailed(
        Message(
            "it says neither True nor False.",
            got=odd.said,
            expected="a bool",
            think="does every way through your function end in a return?",
            case=case.description,
            read=READ,
        )
    )


def require_score(trials: HuntTrials, seed: int, least: float) -> Score:
    if not have_hidden_steps():
        raise CheckFailed(HANDED_OUT, status="not_attempted")
    case = every(seed)
    outcome = trials.outcome(case)
    reached = score(case, outcome)
    if reached.value >= least:
        return reached
    fact, think, read = _weakest(case, outcome, reached)
    raise CheckFailed(
        Message(
            fact,
            got=str(reached),
            expected=f"at least {least:.0%}: sensitivity + specificity - 100%",
            think=think,
            case=case.description,
            read=read,
        )
    )


def _weakest(case: HuntCase, outcome: HuntOutcome, reached: Score) -> tuple[str, str, str]:
    """What to work on: (fact, question, anchor)."""
    raised = [verdict for verdict in outcome.verdicts if verdict.raised is not None]
    if raised:
        return _of_exceptions(raised)
    if outcome.misuse:
        fact = f"some of its calls could not be made: {outcome.misuse[0]}."
        return fact, "what may a step be called with?", SENT
    if reached.specificity <= reached.sensitivity:
        return (
            "it refuses steps that are right.",
            "are your own numbers right, and what could a right step do differently: "
            "round, clear its gradients, work in another order?",
            OTHERWISE,
        )
    place, missed, total = slipped_through(case, outcome)[0]
    fact = f"it accepts {missed} of {total} steps whose fault shows in {place}."
    if missed < total and ("loss" in place or place == SECOND_CALL):
        return fact, "in which episode, and in which call, would such a fault show?", EPISODE
    return fact, "what does a call leave behind, and which of it do you compare?", SEES


def _of_exceptions(raised: list[Verdict]) -> tuple[str, str, str]:
    first = raised[0].raised
    assert first is not None  # those without are left out
    where = f" at {first.file}:{first.line}" if first.line else ""
    return (
        f"it raises {first.cause.partition(':')[0]} for {len(raised)} of the steps{where}.",
        "what is to be said of a step that cannot be tested to the end?",
        READ,
    )
