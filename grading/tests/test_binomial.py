"""Exact tails: checked against hand-countable cases and published bounds."""

import pytest

from grading.binomial import acceptance, tail_at_most, upper_bound


def test_tails_of_three_coins():
    assert tail_at_most(0, 3, 0.5) == pytest.approx(1 / 8)
    assert tail_at_most(2, 3, 0.5) == pytest.approx(7 / 8)


def test_no_failures_bound_the_rate_by_the_rule_of_three():
    assert upper_bound(0, 299) == pytest.approx(1 - 0.05 ** (1 / 299), rel=1e-6)
    assert upper_bound(0, 299) == pytest.approx(0.01, rel=0.01)


def test_one_failure_in_ten_is_clopper_and_pearsons():
    assert upper_bound(1, 10) == pytest.approx(0.3942, abs=1e-4)


def test_all_failures_bound_nothing():
    assert upper_bound(5, 5) == 1.0


def test_what_is_believed_has_the_stated_error_and_no_slack():
    low, high = acceptance(1100, 0.05, 1e-9)
    below = tail_at_most(low - 1, 1100, 0.05)
    above = 1 - tail_at_most(high, 1100, 0.05)
    assert below <= 5e-10 < tail_at_most(low, 1100, 0.05)
    assert above <= 6e-10
    assert low > 0  # a greedy collector never takes the unlikely action
    assert high < 1100 * 0.25  # a uniform one takes it half of the time


def test_an_error_of_one_cannot_be_asked_for():
    with pytest.raises(ValueError, match="false_alarm"):
        acceptance(10, 0.5, 3.0)
