"""The fast form of the scorecard: every mistake loses points and is named, every variant passes.

Each mistake is tried in its first form; `nox -s scorecard` tries them all, and pairs of them.
"""

import json
import os
import re

import numpy as np
import pytest

from grading import scorecard
from grading.bank.pipeline import faulty, pipelines
from grading.bank.suspects import BankSuspects
from grading.environments import ScriptedEnv
from grading.here import check_here
from grading.scorecard import Result, Trial
from grading.solution import ROOT
from grading.stubs import BEGIN, END
from lesson import Actor, Critic

FIRSTS = [
    Trial("mistake", pipeline.exercise, (mistake.forms[0].name,))
    for pipeline in pipelines().values()
    for mistake in pipeline.mistakes.values()
]
VARIANTS = scorecard.variants()

# Caught, and described by facts only; each for a reason.
UNNAMED = {
    "store_in_the_same_lists",  # what it does depends on all the calls before
    "act_greedily_when_sure[0.9]",  # a temperature of 0.5 may do the same, by chance
}


def name(trial):
    return "-".join(trial.names)


@pytest.fixture(scope="module")
def results():
    trials = [*FIRSTS, *VARIANTS]
    return dict(zip(trials, scorecard.run(trials, os.cpu_count() or 1), strict=True))


@pytest.mark.parametrize("trial", FIRSTS, ids=name)
def test_a_mistake_loses_points_once_and_is_named(trial, results):
    result = results[trial]
    assert result.failed
    assert len(result.own) == 1
    assert result.named or result.names[0] in UNNAMED
    assert not result.named_otherwise
    lines = result.message.splitlines()
    assert lines[0].startswith("Diagnosis: ")
    assert all(len(line) <= 80 for line in lines)
    assert not solution_lines() & {line.strip() for line in lines}


@pytest.mark.parametrize("trial", VARIANTS, ids=name)
def test_an_honest_alternative_passes_every_check(trial, results):
    assert results[trial].failed == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1_001, 1_011))
def test_an_honest_alternative_passes_on_other_cases(seed):
    failed = scorecard.run(VARIANTS, os.cpu_count() or 1, case_seed=seed)
    assert [(one.names, one.own, one.message) for one in failed if one.failed] == []


def test_the_bank_is_as_large_as_the_course_promises():
    step, collect = (
        pipelines()["actor_critic_step"].mistakes,
        pipelines()["collect_episode"].mistakes,
    )
    assert len(step) >= 70
    assert len(collect) >= 40
    assert len(VARIANTS) >= 40


def solution_lines():
    """The lines of code that the stubs leave out."""
    return {
        line.strip()
        for path in (ROOT / "reference").rglob("*.py")
        for block in re.findall(f"{BEGIN}\n(.*?){END}", path.read_text("utf-8"), re.DOTALL)
        for line in block.splitlines()
        if line.strip()
    }


def test_texts_are_sentences_that_fit_their_places():
    for pipeline in pipelines().values():
        for mistake in pipeline.mistakes.values():
            assert re.fullmatch(r"[^A-Z].*[^.?]", mistake.title), mistake.id
            assert re.fullmatch(r".*[^.?]", mistake.misconception), mistake.id
            assert mistake.hint.endswith("?"), mistake.id
            assert not {mistake.title, mistake.misconception, mistake.hint} & solution_lines()


@pytest.mark.parametrize("exercise", pipelines())
def test_a_pipeline_without_mistakes_does_what_the_reference_does(exercise, trials_of):
    pipeline, trials = pipelines()[exercise], trials_of(exercise)
    imitation = BankSuspects(pipeline, trials).imitation(())
    for case in trials.evidence():
        theirs = trials.imitated(imitation, case)
        mine = trials.facts(case)
        assert mine.keys() == theirs.keys()
        assert [key for key, fact in mine.items() if not fact.agrees(theirs[key])] == []


def test_two_mistakes_that_would_never_end_together_are_stopped():
    collect = faulty("collect_episode", "step_never", "end_only_truncated")
    env = ScriptedEnv(np.zeros((2, 4), np.float32), [1.0], 2, terminated=True, truncated=False)
    with pytest.raises(RuntimeError, match="did not end"):
        collect(env, Actor(4, 2, 8), Critic(4, 8))


@pytest.mark.parametrize("exercise", pipelines())
def test_what_is_right_is_not_diagnosed(exercise, trials_of):
    assert trials_of(exercise).mistakes == ()


@pytest.mark.parametrize("trial", FIRSTS, ids=name)
def test_the_scorecard_on_file_still_holds(trial, results, on_file):
    result = results[trial]
    assert on_file[trial.exercise, trial.names] == {
        "failed": list(result.failed),
        "own": list(result.own),
        "diagnosis": list(result.diagnosis),
    }


def test_each_check_is_failed_by_a_mistake(on_file):
    """All but those that train, which are measured by their calibrations."""
    failed = {check for result in on_file.values() for check in result["failed"]}
    asked = check_here("reference", "--collect-only", "-m", "not learning").checks
    assert asked
    assert [check.id for check in asked if check.id not in failed] == []


@pytest.fixture(scope="module")
def on_file():
    """The results that `nox -s scorecard` wrote."""
    entries = json.loads((ROOT / "grading" / "scorecard.json").read_text("utf-8"))
    return {
        (entry["exercise"], tuple(entry["names"])): {
            key: entry[key] for key in ("failed", "own", "diagnosis")
        }
        for entry in entries
    }


def test_a_later_run_replaces_all_that_it_measured():
    def result(kind, exercise, name, failed=()):
        return Result(kind, exercise, (name,), (), (), failed, ())

    before = [
        result("mistake", "one", "a"),
        result("pair", "one", "no longer drawn"),
        result("pair", "one", "b"),
        result("pair", "two", "c"),
    ]
    new, again = result("pair", "one", "d"), result("pair", "one", "b", failed=("e",))
    by_exercise = scorecard.merged(before, [new, again], ["pair"], "one")
    assert by_exercise == [before[0], again, before[3], new]
    assert scorecard.merged(before, [new, again], ["pair"], None) == [before[0], again, new]


def test_the_readme_quotes_the_scorecard():
    page = (ROOT / "grading" / "SCORECARD.md").read_text("utf-8").splitlines()
    rows = [line for line in page if re.match(r"\| (mistakes|pairs|variants) ", line)]
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert rows
    assert [row for row in rows if row not in readme] == []
