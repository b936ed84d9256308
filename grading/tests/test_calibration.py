"""How the learning check's rule is found: tails, bounds, chunks of runs, the report."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from grading.binomial import tail_at_most
from grading.calibration import plots, report, runs, study
from grading.calibration.agreement import Comparison, holm, same
from grading.calibration.design import (
    EARLY_PASS,
    FALSE_FAIL,
    Option,
    Shape,
    best,
    choose,
)
from grading.calibration.gradings import Grading, grade_missing
from grading.calibration.gradings import page as page_of
from grading.calibration.groups import FittedTail, GroupMean, scores, verdicts
from grading.calibration.learners import REFERENCE
from grading.calibration.runs import Chunk, chunks, train_missing
from grading.calibration.study import Plan
from grading.calibration.subjects import LEARNING_CHECK, SUBJECTS
from grading.learning.rule import Look, Rule, calibration, judge, rule_in_force, stated_error
from grading.solution import ROOT
from lesson.stacked import Settings

# -- tails


def test_the_fitted_tail_of_coins_is_the_binomial():
    coins = np.array([0, 1, 1, 1, 1])
    mean = GroupMean(coins, runs=40, window=1)
    for heads in (5, 12, 20, 31):
        exact = tail_at_most(heads, 40, 0.8)
        assert mean.below((heads + 1) / 40) == pytest.approx(exact, rel=1e-6, abs=1e-15)
        assert mean.at_least((heads + 1) / 40) == pytest.approx(1 - exact, rel=1e-6)


def test_a_threshold_is_the_most_that_a_probability_allows():
    mean = GroupMean(np.random.default_rng(0).integers(0, 200, 1000), runs=8, window=10)
    for probability in (1e-6, 1e-3, 0.3):
        low, high = mean.largest_with_below(probability), mean.smallest_with_at_least(probability)
        one = 1 / 80  # the statistic is a sum over 8 runs, of a mean over 10 episodes
        assert mean.below(low) <= probability < mean.below(low + one)
        assert mean.at_least(high) <= probability < mean.at_least(high - one)


def test_a_group_mean_is_what_groups_of_runs_have():
    random = np.random.default_rng(1)
    rewards = random.integers(8, 60, size=(40_000, 12))
    mean = GroupMean(scores(rewards, 10, 5), runs=4, window=5)
    counted = rewards[:, 5:10].reshape(-1, 4 * 5).mean(axis=1)
    for threshold in (30.0, 33.5, 36.0):
        assert mean.below(threshold) == pytest.approx((counted < threshold).mean(), abs=0.02)
    where, density = mean.density()
    assert density.sum() == pytest.approx(1)
    assert where @ density == pytest.approx(counted.mean(), abs=0.6)


# -- the choice

SMALL = Shape(runs=6, window=4, actor_lr=0.003, critic_lr=0.01, looks=(8, 12, 16))


def learned(slope, count=3000, seed=0):
    """Learning curves of runs that differ."""
    random = np.random.default_rng(seed)
    each = random.gamma(8, slope / 8, size=(count, 1))
    return np.rint(10 + each * np.arange(16) + random.integers(0, 5, (count, 16)))


def test_the_chosen_rule_keeps_its_probabilities():
    right, wrong = (FittedTail(learned(slope), 6, 4) for slope in (9, 2))
    rule = choose(right, [wrong], SMALL)
    assert 0 < right.fails(rule.looks) <= FALSE_FAIL
    assert wrong.passes(rule.looks[:-1]) <= EARLY_PASS * len(rule.looks)
    last = rule.looks[-1]
    assert last.low == last.high
    # A higher bound would fail correct code too often.
    assert right.at(16).below(last.low + 1 / 24) > FALSE_FAIL / len(rule.looks)


def test_what_was_chosen_is_what_groups_get():
    right, wrong = learned(9, seed=1), learned(1, seed=2)
    rule = choose(FittedTail(right, 6, 4), [FittedTail(wrong, 6, 4)], SMALL)
    assert all(verdict.passed for verdict in verdicts(right, rule))
    assert not any(verdict.passed for verdict in verdicts(wrong, rule))
    assert len(verdicts(right, rule)) == 500


def test_the_best_options_are_those_that_none_beats_in_both():
    def option(seconds, false_pass):
        return Option(SMALL, false_pass, seconds)

    fast, good, both = option(1, 0.5), option(3, 0.01), option(2, 0.1)
    assert best([option(2.5, 0.2), good, fast, both, option(4, 0.01)]) == [fast, both, good]


# -- training

FEW = Settings(episodes=3)


def test_what_is_trained_is_not_trained_again(tmp_path, monkeypatch):
    wanted = chunks("sign flipped", FEW, runs=5, size=2)
    assert [chunk.index for chunk in wanted] == [0, 1, 2]
    train_missing(wanted[:1], tmp_path, workers=1)
    before = (tmp_path / wanted[0].path).stat().st_mtime_ns
    train_missing(wanted, tmp_path, workers=1)
    assert (tmp_path / wanted[0].path).stat().st_mtime_ns == before
    rewards = runs.read(wanted, tmp_path)
    assert rewards.shape == (6, 3)
    assert (rewards >= 8).all()
    assert len(np.unique(rewards, axis=0)) == 6
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".npy"}


def test_the_lessons_own_loop_can_be_trained_too(tmp_path):
    wanted = chunks(runs.PLAIN, FEW, runs=2, size=2)
    train_missing(wanted, tmp_path, workers=1)
    assert runs.read(wanted, tmp_path).shape == (2, 3)


def test_every_chunk_has_a_file_and_a_seed_of_its_own():
    every = [chunk for subject in SUBJECTS.values() for chunk in Plan(subject).every()]
    assert len({chunk.path for chunk in every}) == len(every)
    assert len({chunk.seed for chunk in every}) == len(every)
    assert Chunk(REFERENCE, FEW, 0).path != Chunk(REFERENCE, replace(FEW, episodes=4), 0).path


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_bounds_are_not_counted_on_the_runs_that_they_were_chosen_from(subject):
    plan = Plan(subject)
    for learner in (REFERENCE, *subject.wrong):
        assert not set(plan.to_choose(learner)) & set(plan.to_count(learner))
    counted = sum(chunk.runs for chunk in plan.to_count(REFERENCE))
    assert counted >= 3000 * subject.shape.runs
    assert len(subject.wrong) >= (6 if subject.shape.shared else 12)


# -- the data file and the report


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_the_data_file_was_made_with_the_shape_in_force(subject):
    rule, shape = rule_in_force(subject.name), subject.shape
    assert rule == Rule(shape.runs, shape.window, shape.actor_lr, shape.critic_lr, rule.looks)
    assert tuple(look.episodes for look in rule.looks) == shape.looks
    found = calibration(subject.name)
    assert found["reference"]["runs"] >= subject.size.counted
    assert {name: one["mistake"] for name, one in found["learners"].items()} == {
        **subject.wrong,
        **subject.weaker,
    }
    assert all(one["runs"] >= subject.size.others for one in found["learners"].values())


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_what_should_fail_does(subject):
    """All but a few: bounds are chosen so that each look passes no more than one in a thousand."""
    for name, one in calibration(subject.name)["learners"].items():
        if one["should_fail"]:
            assert one["by_fitted_tail"] < 0.02, name
            assert one["passed"] <= 2, name


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_the_readme_says_what_the_data_say(subject):
    assert stated_error(subject.name) in " ".join((ROOT / "README.md").read_text("utf-8").split())


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_the_report_says_what_the_data_say(subject):
    page = subject.page.read_text("utf-8")
    found = calibration(subject.name)["reference"]
    assert f"{found['failed']} of {found['groups']} groups" in page
    for look in rule_in_force(subject.name).looks:
        assert f"| {look.episodes} | {look.low:.2f} | {look.high:.2f} |" in page
    for name in report.FIGURES:
        assert f"{subject.figures}/{name}.svg" in page
        assert (subject.page.parent / subject.figures / f"{name}.svg").is_file()


def test_a_picture_is_the_same_for_the_same_data(tmp_path):
    curves = {"reference": learned(9, 100), "no baseline": learned(2, 100)}
    for name in ("one.svg", "other.svg"):
        plots.draw(tmp_path / name, lambda ax: plots.learning_curves(ax, curves))
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


def test_the_report_tells_what_was_counted_and_what_was_chosen():
    rule = Rule(6, 4, 0.003, 0.01, (Look(8, 20, 40), Look(16, 50, 50)))
    rewards = learned(9)
    data = {
        "reference": {
            "runs": 3000,
            "groups": 500,
            "failed": 0,
            "by_counting_below": 0.006,
            "by_fitted_tail": 1e-9,
            "by_fitted_tail_below": 2e-9,
            "episodes": 9.0,
        },
        "learners": {
            "slow": {"mistake": "x", "should_fail": True} | study.passes(rewards, rule),
            "fine": {"mistake": "y", "should_fail": False} | study.passes(rewards, rule),
        },
    }
    option = Option(SMALL, 1e-4, 2.0)
    curves = [Comparison("episodes 1 to 10", (500, 400), 0.05, 0.25)]
    page = report.page(LEARNING_CHECK, data, rule, [option], option, curves)
    assert "0 of 500 groups" in page
    assert "| episodes 1 to 10 | 500, 400 | 0.050 | 0.25 |" in page
    assert "(chosen)" in page


def test_different_samples_are_told_apart_and_equal_ones_are_not():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 300))
    assert same("equal", one, other).p_value > 0.05
    assert same("shifted", one, other + 0.5).p_value < 1e-4
    tests = [Comparison(str(p), (1, 1), 0.0, p) for p in (0.02, 0.5, 0.9)]
    assert holm(tests) == pytest.approx(0.06)


# -- gradings


def test_a_grading_is_kept_and_not_made_again(tmp_path):
    file = tmp_path / "some.jsonl"
    kept = Grading(REFERENCE, 0, False, 45, 49.0, 1.0)
    file.write_text(json.dumps(asdict(kept)) + "\n", "utf-8")
    found = grade_missing([(REFERENCE, 0), ("terse", 7)], file, workers=1)
    assert found[0] == kept
    rule = rule_in_force()
    assert (found[1].solution, found[1].seed) == ("terse", 7)
    assert found[1].episodes == rule.looks[0].episodes  # enough to compare
    assert found[1].first > rule.looks[0].low
    assert not found[1].failed
    assert len(file.read_text("utf-8").splitlines()) == 2


def test_the_page_of_gradings_counts_failures_and_compares():
    random = np.random.default_rng(0)

    def some(solution, mean, failures=0):
        return [
            Grading(solution, seed, seed < failures, 45, first, 2.0)
            for seed, first in enumerate(random.normal(mean, 4, 200))
        ]

    page = page_of(
        [*some("terse", 49), *some(REFERENCE, 49), *some("slow", 45, 3)], rule_in_force()
    )
    assert "0 of 200 gradings failed: a probability below 1.5e-02" in page
    assert "3 of 400 gradings failed" in page
    rows = {line.split(" | ")[0]: line for line in page.splitlines() if "200, 200" in line}
    assert list(rows) == ["| slow", "| terse"]
    assert rows["| slow"].endswith("| 0.00 |")


def test_the_verdict_of_every_group_is_the_rules():
    rewards = learned(9, 60)
    rule = Rule(6, 4, 0.003, 0.01, (Look(8, 20, 40), Look(16, 50, 50)))
    assert verdicts(rewards, rule)[0] == judge(rewards[:6], 16, rule)
