"""The checks of the toy: 6 points, as a bonus."""

import pytest

from grading.cases import FunctionCase
from grading.checks import check
from grading.judge import require_returned
from grading.player import Player
from grading.trials import FunctionTrials

SEVERAL = FunctionCase("rewards [1, -2, 3]", ([1.0, -2.0, 3.0],))
HALF = FunctionCase("rewards [1, -2, 3], gamma 0.5", ([1.0, -2.0, 3.0], 0.5))


@pytest.fixture(scope="module")
def trials(player: Player) -> FunctionTrials:
    return FunctionTrials(
        player, "toy", "discounted_total", lambda: [SEVERAL, HALF], read="returns"
    )


@check("toy/total", points=4, bonus=True)
def test_rewards_are_discounted_and_added(trials: FunctionTrials) -> None:
    """Rewards are discounted and added."""
    think = "what is a reward worth that comes later?"
    require_returned(SEVERAL, *trials.call(SEVERAL), think, "returns")


@check("toy/gamma", points=2, bonus=True, needs=["toy/total"])
def test_the_callers_discount_is_used(trials: FunctionTrials) -> None:
    """The caller's discount is used."""
    require_returned(HALF, *trials.call(HALF), "who says what gamma is?", "returns")
