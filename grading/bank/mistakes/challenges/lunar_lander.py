"""Mistakes in `choose_plan`: numbers that do not land, and plans that are none."""

from collections.abc import Callable
from typing import Any

from grading.bank.pipeline import Pieces, Pipeline
from lesson.lander import Plan

READ = "challenge-leave-cartpole"
RATES = "a-rate-a-width-a-price"

Numbers = dict[str, Any]


def _plan(numbers: Numbers) -> Plan:
    return Plan(**numbers)


def _assemble(pieces: Pieces) -> Callable[[], Any]:
    def choose_plan() -> Any:
        return pieces["result"]({name: pieces[name](None) for name in Plan._fields})

    return choose_plan


PIPELINE = Pipeline(
    "challenges/lunar_lander",
    "choose_plan",
    _assemble,
    {
        "actor_lr": lambda _: 0.005,
        "critic_lr": lambda _: 0.02,
        "hidden_dim": lambda _: 128,
        "episodes": lambda _: 5000,
        "shared": lambda _: False,
        "value_coefficient": lambda _: 0.5,
        "beta": lambda _: 1.0,
        "result": _plan,
    },
)


@PIPELINE.mistake(
    "actor_lr",
    title="the actor's learning rate is far too large",
    misconception="after a few updates the policy is sure of what it happened to do, and nothing "
    "new is tried",
    hint="each update of Adam moves every weight by about the learning rate: how large are "
    "the weights?",
    read=RATES,
    values=[0.3, 0.9],
)
def actor_too_fast(_: None, rate: float) -> float:
    """Such a rate."""
    return rate


@PIPELINE.mistake(
    "actor_lr",
    title="the actor's learning rate is far too small",
    misconception="within the budget there are about a thousand updates, and so small ones do not "
    "add up",
    hint="a thousand updates of Adam: how far can a weight get with this rate?",
    read=RATES,
    values=[0.00001, 0.0],
)
def actor_too_slow(_: None, rate: float) -> float:
    """Such a rate."""
    return rate


@PIPELINE.mistake(
    "hidden_dim",
    title="the hidden layer is too narrow",
    misconception="one or two units cannot tell apart what eight numbers say of a lander",
    hint="how many different situations can so few units tell apart?",
    read=RATES,
    values=[1],
)
def too_narrow(_: None, width: int) -> int:
    """So few units."""
    return width


@PIPELINE.mistake(
    "episodes",
    title="training ends long before the budget is spent",
    misconception="so few episodes are so few updates, and most of the steps are left over",
    hint="an episode of a beginner takes about 90 steps: what is left of the budget?",
    read=RATES,
    values=[20, 90],
)
def too_few_episodes(_: None, episodes: int) -> int:
    """So few."""
    return episodes


@PIPELINE.mistake(
    "beta",
    title="the entropy bonus is worth more than landing",
    misconception="the policy is paid for being undecided, more than it ever gets for landing",
    hint="four actions have an entropy of at most 1.39 nats in each step: what is that worth with "
    "this beta, in an episode, beside a landing?",
    read=RATES,
    values=[1000.0],
)
def bonus_too_large(_: None, beta: float) -> float:
    """Such a beta."""
    return beta


@PIPELINE.mistake(
    "value_coefficient",
    also={"shared": lambda _: True},
    title="on the shared trunk, the critic drowns the actor",
    misconception="squared errors of returns are in the tens of thousands: with this coefficient, "
    "all that moves the trunk is the critic",
    hint="how large are the two losses in the beginning, and what do you have to multiply one by?",
    read="one-trunk-and-a-constant",
    values=[20.0],
)
def critic_drowns_actor(_: None, coefficient: float) -> float:
    """Such a coefficient."""
    return coefficient


@PIPELINE.mistake(
    "actor_lr",
    title="the actor's learning rate is above 1",
    misconception="the minus of an exponent got lost, or the fields are in another order",
    hint="is it 5e3 or 5e-3, and is the first field of a Plan what you think it is?",
    read=RATES,
    values=[5e3, 128],
)
def actor_rate_above_one(_: None, rate: float) -> float:
    """Such a rate."""
    return rate


@PIPELINE.mistake(
    "critic_lr",
    title="the critic's learning rate is above 1",
    misconception="the minus of an exponent got lost, or the fields are in another order",
    hint="is it 2e2 or 2e-2, and is the second field of a Plan what you think it is?",
    read=RATES,
    values=[2e2, 5000],
)
def critic_rate_above_one(_: None, rate: float) -> float:
    """Such a rate."""
    return rate


@PIPELINE.mistake(
    "actor_lr",
    title="the actor's learning rate is negative",
    misconception="the sign of the loss was put into the rate",
    hint="the loss has a minus already: what would a second one do?",
    read=RATES,
)
def actor_rate_negative(_: None) -> float:
    """The rate with a minus."""
    return -0.005


@PIPELINE.mistake(
    "critic_lr",
    title="the critic's learning rate is negative",
    misconception="the rate was given a sign, although the loss says which way to go",
    hint="which way does a critic go that follows its loss upwards?",
    read=RATES,
)
def critic_rate_negative(_: None) -> float:
    """The rate with a minus."""
    return -0.02


@PIPELINE.mistake(
    "beta",
    title="beta is negative",
    misconception="the minus that the loss has was put into beta, so the bonus becomes a fine",
    hint="minus beta times entropy: what does a negative beta make of it?",
    read="the-sign-of-the-bonus",
)
def beta_negative(_: None) -> float:
    """Beta with the sign of the loss."""
    return -1.0


@PIPELINE.mistake(
    "value_coefficient",
    title="the value coefficient is negative",
    misconception="the critic's loss was subtracted, so the values are pushed off the returns",
    hint="what becomes of the value head if its loss is to grow?",
    read=READ,
)
def coefficient_negative(_: None) -> float:
    """The coefficient with a minus."""
    return -0.5


@PIPELINE.mistake(
    "hidden_dim",
    title="the width of the hidden layer is no whole number",
    misconception="it was computed with a division, or is meant as a share",
    hint="how many units are 0.005 units, and what does / give where // is meant?",
    read=READ,
    values=[128.0, 0.5],
)
def fractional_width(_: None, width: float) -> float:
    """Such a width."""
    return width


@PIPELINE.mistake(
    "hidden_dim",
    title="the hidden layer has a width that the course does not train",
    misconception="none at all, or thousands of units, which makes every step slow",
    hint="the lesson's networks have 128 units: how many do you need?",
    read=READ,
    values=[4096, 0, -128],
)
def width_beyond_limits(_: None, width: int) -> int:
    """Such a width."""
    return width


@PIPELINE.mistake(
    "episodes",
    title="the number of episodes is no whole number",
    misconception="1e3 is a float, although it looks whole",
    hint="what is type(1e3)?",
    read=READ,
    values=[1e3, 0.5],
)
def fractional_episodes(_: None, episodes: float) -> float:
    """Such a number."""
    return episodes


@PIPELINE.mistake(
    "episodes",
    title="the number of episodes is not between 1 and 5000",
    misconception="the steps of the budget were taken for episodes, or there are none",
    hint="the budget counts steps: what do you count?",
    read=READ,
    values=[130_000, 0],
)
def episodes_beyond_limits(_: None, episodes: int) -> int:
    """Such a number."""
    return episodes


@PIPELINE.mistake(
    "shared",
    title="shared is neither True nor False",
    misconception="a number or a word stands where a yes or a no belongs",
    hint="is the fifth field of a Plan what you think it is?",
    read=READ,
    values=[1, 0.5],
)
def shared_a_number(_: None, shared: float) -> float:
    """Such a number."""
    return shared


# Where no numbers are left to see, no second mistake is either.
HIDDEN = {name: PIPELINE.pieces[name] for name in Plan._fields}


@PIPELINE.mistake(
    "result",
    also=HIDDEN,
    title="nothing is returned",
    misconception="the plan was made, and not handed over",
    hint="what does a function give back that has no return?",
    read=READ,
)
def plan_not_returned(numbers: Numbers) -> None:
    """Made only."""
    Plan(**numbers)


@PIPELINE.mistake(
    "result",
    also=HIDDEN,
    title="a dict is returned instead of a Plan",
    misconception="names and numbers are right, and the caller asks for fields",
    hint="what does Plan(**numbers) make of a dict?",
    read=READ,
)
def plan_as_dict(numbers: Numbers) -> Numbers:
    """The numbers by name."""
    return numbers


@PIPELINE.mistake(
    "result",
    also=HIDDEN,
    title="the class is returned, and no plan of it",
    misconception="the name Plan stands where a call of it belongs",
    hint="what is the difference between Plan and Plan(...)?",
    read=READ,
)
def class_for_a_plan(_: Numbers) -> type[Plan]:
    """Plan itself."""
    return Plan


@PIPELINE.mistake(
    "result",
    also=HIDDEN,
    title="the numbers are text",
    misconception="they were read from somewhere, and not converted",
    hint="is 0.005 in quotation marks a number?",
    read=READ,
)
def numbers_as_text(numbers: Numbers) -> Plan:
    """All in quotation marks."""
    return Plan(*(str(value) for value in numbers.values()))  # type: ignore[arg-type]
