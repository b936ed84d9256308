"""The learning verdict: a pure rule on curves, and a trainer that plays by the lesson's loop."""

import json
from dataclasses import asdict

import gymnasium as gym
import numpy as np
import pytest
import torch

from grading.learning import (
    PROTOCOL,
    Protocol,
    draw_curve,
    judge,
    statistic,
    train_group,
    trained_by,
)
from grading.learning_error import FILE, describe, stated_error
from grading.solution import ROOT, Solution, find_solution
from grading.study import LEARNERS, false_fail, learner, summarise, table

SMALL = Protocol(runs=2, episodes=4, looks=(4,), hopeless=())


@pytest.fixture(scope="module")
def reference_step():
    return Solution(find_solution("reference"), package="reference").function(
        "actor_critic_step", "actor_critic_step"
    )


def curves(level, runs=16):
    return np.tile(np.asarray(level, float), (runs, 1))


def test_the_verdict_falls_at_the_first_look_that_reaches_the_threshold():
    rising = curves(np.arange(100) * 3.0)
    verdict = judge(rising, 100)
    assert verdict.passed
    before = verdict.episodes - 5
    assert statistic(rising, before, PROTOCOL.window) < PROTOCOL.threshold
    assert verdict.statistic == statistic(rising, verdict.episodes, PROTOCOL.window)


def test_the_verdict_during_training_is_the_one_afterwards():
    rising = curves(np.arange(100) * 3.0)
    afterwards = judge(rising, 100)
    unfinished = rising.copy()
    unfinished[:, afterwards.episodes :] = np.nan
    assert judge(unfinished, afterwards.episodes) == afterwards
    assert judge(unfinished, afterwards.episodes - 1) is None


def test_a_flat_curve_is_hopeless_early():
    verdict = judge(curves([10.0] * 100), 100)
    assert not verdict.passed
    assert verdict.episodes == 40


def test_slow_learning_fails_at_the_end():
    slow = curves(np.linspace(20, 100, 100))
    verdict = judge(slow, 100)
    assert not verdict.passed
    assert verdict.episodes == 100


def test_curves_that_are_not_numbers_fail():
    assert not judge(curves([np.nan] * 100), 100).passed


def test_a_group_is_fixed_by_its_seed(reference_step):
    first, again, other = (
        train_group(trained_by(reference_step), seed, SMALL) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.rewards, again.rewards)
    assert not np.array_equal(first.rewards, other.rewards)
    assert first.finished == SMALL.episodes
    assert first.steps == first.rewards.sum()


def test_every_episode_is_one_that_cartpole_would_have_played():
    """What the step receives obeys CartPole's dynamics: no state is lost, doubled or mixed up."""
    episodes = []

    def spy(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
        assert len(states) == len(log_probs) == len(rewards)
        assert all(p.shape == () and p.requires_grad for p in log_probs)
        probs = actor(torch.tensor(np.array(states)))
        actions = [
            int(torch.argmin((row.log() - p).abs()))
            for row, p in zip(probs, log_probs, strict=True)
        ]
        episodes.append((states, actions))

    group = train_group(trained_by(spy), 0, SMALL, disguised=False)
    env = gym.make("CartPole-v1").unwrapped
    for states, actions in episodes:
        for t, action in enumerate(actions):
            env.reset()
            env.state = states[t].astype(np.float64)
            following, _, terminated, _, _ = env.step(action)
            assert terminated == (t == len(actions) - 1)
            if not terminated:
                np.testing.assert_allclose(states[t + 1], following, rtol=1e-4, atol=1e-5)
    played = sorted(len(states) for states, _ in episodes)
    assert played == sorted(group.rewards.ravel().tolist())


def test_training_stops_when_told(reference_step):
    asked = []

    def until(rewards, finished):
        asked.append(finished)
        return finished == 2

    group = train_group(trained_by(reference_step), 0, SMALL, until=until)
    assert asked[-1] == 2
    assert group.finished == 2


def test_what_the_step_raises_is_not_swallowed():
    def broken(*arguments):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        train_group(trained_by(broken), 0, SMALL)


def test_the_curve_is_drawn_within_eighty_columns():
    lines = draw_curve(curves([500.0] * 100), 100)
    assert len(lines) == 11
    assert all(len(line) <= 76 for line in lines)
    assert "500" in lines[-1]


@pytest.mark.parametrize("name", LEARNERS)
def test_a_wrong_learner_differs_from_the_reference(name, reference_step):
    longer = Protocol(runs=2, episodes=20, looks=(20,), hopeless=())
    wrong = train_group(trained_by(learner(name)), 3, longer).rewards
    right = train_group(trained_by(reference_step), 3, longer).rewards
    assert np.array_equal(wrong, right) == (name == "reference")


def test_a_study_counts_and_states_its_error():
    rising, flat = curves(np.arange(100) * 3.0), curves([10.0] * 100)
    summary = summarise([rising, rising * 1.1, flat])
    assert summary["groups"] == 3
    assert summary["passed"] == 2
    assert summary["best"]["max"] == pytest.approx(rising[0, 80:].mean() * 1.1, abs=0.1)
    rates = false_fail(summary)
    assert 0.8 < rates["by_counting_below"] < 0.9  # 1 of 3
    study = {
        "protocol": {"threshold": 105},
        "learners": {"reference": summary},
        "false_fail": rates,
    }
    assert "1 of 3 groups" in describe(study)
    assert "reference" in table(study)


def test_the_committed_study_was_made_with_the_rule_in_force():
    study = json.loads(FILE.read_text("utf-8"))
    assert study["protocol"] == json.loads(json.dumps(asdict(PROTOCOL)))
    assert set(study["learners"]) == set(LEARNERS)
    assert all(summary["groups"] >= 200 for summary in study["learners"].values())
    assert str(study["learners"]["reference"]["groups"]) in stated_error()
    readme = (ROOT / "README.md").read_text("utf-8")
    assert table(study) in readme
    assert describe(study) in " ".join(readme.split())
