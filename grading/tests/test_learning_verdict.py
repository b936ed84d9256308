"""The learning verdict: a pure rule on curves, and a trainer that plays by the lesson's loop."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch

from grading.learning.curve import draw_curve
from grading.learning.group import LEAD, train_group, trained_by
from grading.learning.rule import (
    Look,
    Rule,
    calibration,
    judge,
    rule_in_force,
    stated_error,
    statistic,
)
from grading.oracle import reference_function

RULE = Rule(
    runs=4,
    window=5,
    actor_lr=0.003,
    critic_lr=0.01,
    looks=(Look(10, 15, 60), Look(20, 25, 70), Look(30, 50, 50)),
)
SMALL = replace(RULE, runs=2, looks=(Look(4, 0, 0),))
REFERENCE = reference_function("actor_critic_step", "actor_critic_step")


def curves(level, runs=4):
    return np.tile(np.asarray(level, float), (runs, 1))


def rising_to(end):
    """Learning curves whose last look is at `end`."""
    return curves(np.linspace(20, end, 30))


@pytest.mark.parametrize(
    ("rewards", "passed", "episodes"),
    [
        pytest.param(curves([80.0] * 30), True, 10, id="good at once"),
        pytest.param(rising_to(120), True, 20, id="good later"),
        pytest.param(rising_to(60), True, 30, id="good in the end"),
        pytest.param(curves([40.0] * 30), False, 30, id="too slow"),
        pytest.param(curves([10.0] * 30), False, 10, id="hopeless"),
        pytest.param(curves([20.0] * 30), False, 20, id="hopeless later"),
        pytest.param(curves([np.nan] * 30), False, 10, id="not numbers"),
    ],
)
def test_a_group_passes_above_the_bounds_and_fails_below_them(rewards, passed, episodes):
    verdict = judge(rewards, 30, RULE)
    assert (verdict.passed, verdict.look.episodes) == (passed, episodes)
    np.testing.assert_equal(verdict.statistic, statistic(rewards, episodes, RULE.window))


def test_a_bound_that_is_reached_exactly_passes():
    assert judge(curves([50.0] * 30), 30, RULE).passed


def test_the_verdict_during_training_is_the_one_afterwards():
    rising = rising_to(120)
    afterwards = judge(rising, 30, RULE)
    unfinished = rising.copy()
    unfinished[:, afterwards.look.episodes :] = np.nan
    assert judge(unfinished, afterwards.look.episodes, RULE) == afterwards
    assert judge(unfinished, afterwards.look.episodes - 1, RULE) is None


def test_a_group_is_fixed_by_its_seed():
    first, again, other = (train_group(trained_by(REFERENCE), seed, SMALL) for seed in (1, 1, 2))
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

    # Long enough for runs to wait for each other.
    rule = replace(SMALL, looks=(Look(4 * LEAD, 0, 0),))
    group = train_group(trained_by(spy), 0, rule, disguised=False)
    env = gym.make("CartPole-v1").unwrapped
    for states, actions in episodes:
        assert (np.abs(states[0]) <= 0.05).all()
        for t, action in enumerate(actions):
            env.reset()
            env.state = states[t].astype(np.float64)
            following, _, terminated, _, _ = env.step(action)
            assert terminated == (t == len(actions) - 1)
            if not terminated:
                np.testing.assert_allclose(states[t + 1], following, rtol=1e-4, atol=1e-5)
    played = sorted(len(states) for states, _ in episodes)
    assert played == sorted(group.rewards.ravel().tolist())


def test_no_run_is_far_ahead_of_the_others():
    asked = []

    def until(rewards, finished):
        asked.append((np.isfinite(rewards).sum(axis=1) - finished).max())
        return False

    longer = replace(SMALL, runs=6, looks=(Look(30, 0, 0),))
    train_group(trained_by(REFERENCE), 0, longer, until=until)
    assert len(asked) == 30
    assert max(asked) == LEAD - 1  # the slowest has just caught up by one


def test_training_stops_when_told():
    asked = []

    def until(rewards, finished):
        asked.append(finished)
        return finished == 2

    group = train_group(trained_by(REFERENCE), 0, SMALL, until=until)
    assert asked[-1] == 2
    assert group.finished == 2


def test_what_the_step_raises_is_not_swallowed():
    def broken(*arguments):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        train_group(trained_by(broken), 0, SMALL)


def test_the_curve_is_drawn_within_eighty_columns():
    lines = draw_curve(curves([500.0] * 30), 30, usual=[20, 30, 40, 50])
    assert len(lines) == 4
    assert all(len(line) <= 76 for line in lines)
    assert "500     40" in lines[-1]


def test_the_rule_in_force_ends_in_a_verdict():
    rule = rule_in_force()
    assert rule.looks[-1].low == rule.looks[-1].high
    assert [look.episodes for look in rule.looks] == sorted({k.episodes for k in rule.looks})
    assert all(look.low <= look.high for look in rule.looks)


def test_the_error_is_stated_with_how_it_was_obtained():
    found = calibration()["reference"]
    assert found["by_fitted_tail_below"] <= 1e-6
    assert found["by_counting_below"] <= 1e-3
    assert f"{found['failed']} of {found['groups']} groups" in stated_error()
    assert "fitted tail" in stated_error()
