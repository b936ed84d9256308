"""The same checks on both sides of the sandbox: what a worker brings back is what happened here."""

import shutil
from contextlib import ExitStack

import msgpack
import numpy as np
import pytest
import torch

import grading
from grading.bank.pipeline import pipelines
from grading.cases import (
    ACTOR_CRITIC_STEP,
    CollectCase,
    FunctionCase,
    HuntCase,
    LearnersCase,
    ModelCase,
    TrainingCase,
    on_one_trunk,
    random_networks,
)
from grading.isolation.codec import to_plain
from grading.isolation.intake import take_in
from grading.isolation.process import Worker
from grading.isolation.remote import RemotePlayer
from grading.learning.group import train_group
from grading.learning.rule import Look, Rule
from grading.player import LocalPlayer
from grading.probes.trainees import MODEL
from grading.scorecard import VARIANTS, Trial, copy_bank, copy_reference, source_of_mistake
from grading.session import Request, run_checks
from grading.solution import Solution
from tests.test_shared_backbone import EXERCISE as SHARED
from tests.test_shared_backbone import STEP as SHARED_STEP

ANY_FORM = """
import exercises.with_bank
from grading.bank.pipeline import faulty

def __getattr__(name):
    exercise, _, form = name.partition(":")
    if not form:
        raise AttributeError(name)
    return faulty(exercise, form)
"""
FIRSTS = [
    (pipeline.exercise, mistake.forms[0].name)
    for pipeline in pipelines().values()
    for mistake in pipeline.mistakes.values()
]
OTHERS = [
    (pipeline.exercise, form.name)
    for pipeline in pipelines().values()
    for mistake in pipeline.mistakes.values()
    for form in mistake.forms[1:]
]
WITH_MODEL = [(exercise, form) for exercise, form in (*FIRSTS, *OTHERS) if exercise == SHARED]
"""They bring a class as well: a file for each."""
ALTERNATIVES = [
    (path.parent.relative_to(VARIANTS).as_posix(), path.stem)
    for path in sorted(VARIANTS.rglob("*.py"))
    if path.stem != "numpy_default_rng"  # draws from a generator that nobody seeds
]


@pytest.fixture(scope="module")
def players(tmp_path_factory):
    """One solution that can be every mistake and every variant, here and in a sandbox."""
    exercises = tmp_path_factory.mktemp("parity") / "exercises"
    copy_reference(exercises)
    copy_bank(exercises)
    (exercises / "any_form.py").write_text(ANY_FORM)
    for exercise, form in WITH_MODEL:
        source = source_of_mistake(Trial("mistake", exercise, (form,)), isolated=True)
        (exercises / f"{place(exercise, form)[0]}.py").write_text(source)
    for exercise, name in ALTERNATIVES:
        source = VARIANTS / exercise / f"{name}.py"
        shutil.copyfile(source, exercises / f"{exercise}_{name}.py")
    torch.set_num_threads(1)  # as in a worker: sums are made in the same order
    path = list(grading.__path__)
    with ExitStack() as stack:
        intake = take_in(exercises)
        folder = stack.enter_context(intake.copied())
        remote = RemotePlayer(intake, lambda: Worker(folder, "cpu"), Worker(folder, "cpu"))
        stack.callback(remote.close)
        yield LocalPlayer(Solution(folder)), remote
    grading.__path__[:] = path


def place(exercise, form):
    """The file that has a mistake, and what its function is called there."""
    if (exercise, form) in WITH_MODEL:
        number = WITH_MODEL.index((exercise, form))
        return f"with_model_{number}", pipelines()[exercise].function
    return "any_form", f"{exercise}:{form}"


def outcome_of(player, case, file, name):
    """By the player's method for cases of this kind."""
    match case:
        case CollectCase():
            return player.collect(case, file, name)
        case ModelCase():
            return player.model(case, file, MODEL)
        case FunctionCase():
            return player.function(case, file, name)
        case HuntCase():
            return player.hunt(case, file, name)
    return player.step(case, file, name)


def played(player, case, file, name):
    """An outcome as plain data; not where it was raised, as a mistake brings its own code along."""
    player.begin(60.0)
    plain = to_plain(outcome_of(player, case, file, name))
    for part in (plain, *plain.get("verdicts", ())):
        if part["raised"]:
            part["raised"] = {key: part["raised"][key] for key in ("kind", "cause")}
    # As bytes, so that NaN is NaN.
    return {key: msgpack.packb(value) for key, value in plain.items()}


def require_the_same(players, trials, file, name, cheap=False):
    cases = [case for case in trials.evidence() if not cheap or not costs_much(case)]
    assert cases
    for case in cases:
        here, there = (played(player, case, file, name) for player in players)
        assert here == there, case.description


def costs_much(case):
    return isinstance(case, CollectCase) and len(case.rewards) * case.plays > 20


@pytest.mark.parametrize(("exercise", "form"), FIRSTS)
def test_a_mistake_has_the_same_outcomes(players, trials_of, exercise, form):
    require_the_same(players, trials_of(exercise), *place(exercise, form), cheap=True)


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "form"), [*FIRSTS, *OTHERS])
def test_every_form_of_a_mistake_has_the_same_outcomes(players, trials_of, exercise, form):
    require_the_same(players, trials_of(exercise), *place(exercise, form))


@pytest.mark.parametrize(("exercise", "variant"), ALTERNATIVES)
def test_a_variant_has_the_same_outcomes(players, trials_of, exercise, variant):
    name = pipelines()[exercise].function
    require_the_same(players, trials_of(exercise), f"{exercise}_{variant}", name)


def test_the_reference_has_the_same_outcomes(players, trials_of):
    for exercise, pipeline in pipelines().items():
        require_the_same(players, trials_of(exercise), exercise, pipeline.function)


def test_training_has_the_same_outcome(players):
    case = TrainingCase("three episodes", "CartPole-v1", episodes=3, seed=5)
    outcomes = []
    for player in players:
        player.begin(60.0)
        outcomes.append(to_plain(player.training(case)))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0]["trained"]["moved"] == ["actor", "critic"]


@pytest.mark.parametrize("function", [ACTOR_CRITIC_STEP, SHARED_STEP], ids=lambda one: one.name)
def test_learners_learn_the_same(players, function):
    rng = np.random.default_rng(3)
    networks = tuple(on_one_trunk(random_networks(rng)) for _ in range(3))
    case = LearnersCase(networks, 0.01, 0.02, 4, function)
    states = rng.normal(size=(5, 4)).astype(np.float32)
    actions = np.array([0, 1, 1, 0, 1])
    updates = []
    for player in players:
        player.begin(60.0)
        with player.learners(case) as learn:
            updates.append([to_plain(learn(run, states, actions)) for run in (1, 0, 1, 2)])
    assert updates[0] == updates[1]
    assert updates[0][0] != updates[0][2]


def test_a_group_with_one_network_learns_the_same(players):
    rule = Rule(2, 5, 0.005, 0.005, (Look(5, 0, 0),))
    groups = []
    for player in players:
        player.begin(60.0)
        groups.append(train_group(player.learners, 1, rule, function=SHARED_STEP))
    assert [group.raised for group in groups] == [None, None]
    np.testing.assert_array_equal(groups[0].rewards, groups[1].rewards)
    assert groups[0].largest_change == groups[1].largest_change > 0


SUBMISSIONS = {
    "wrong": "def actor_critic_step(*given):\n    return 1.0, 2.0\n",
    "raises": "def actor_critic_step(*given):\n    return {}['losses']\n",
    "takes too little": "def actor_critic_step(actor):\n    return 1.0, 2.0\n",
    "does not parse": "def (\n",
    "is not there": None,
}


@pytest.mark.parametrize("source", SUBMISSIONS.values(), ids=SUBMISSIONS)
def test_a_grade_says_the_same(submit, source):
    submission = submit(actor_critic_step=source)
    here, there = (
        run_checks(Request(str(submission), seed=3, skip_learning=True, isolated=isolated))
        for isolated in (False, True)
    )
    for mine, theirs in zip(here, there, strict=True):
        assert (mine.id, mine.status, mine.points) == (theirs.id, theirs.status, theirs.points)
        assert mine.message == theirs.message
        assert (mine.diagnosis, mine.advice) == (theirs.diagnosis, theirs.advice)
        assert (mine.file, mine.line, mine.waits_for) == (
            theirs.file,
            theirs.line,
            theirs.waits_for,
        )
