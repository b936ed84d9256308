"""The checks of a challenge, `entropy_regularised_step`: 15 bonus points."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from grading.cases import (
    Episode,
    Networks,
    StepCase,
    constant_networks,
    generator,
    random_episode,
    random_networks,
    step_case,
)
from grading.checks import CheckFailed, check
from grading.judge import require_all, require_change, require_loss
from grading.manners import require_left_alone, require_one_step_each, require_two_floats
from grading.messages import Message, number
from grading.outcome import StepCall
from grading.player import Player
from grading.trials import StepTrials

EXERCISE = "challenges/entropy_bonus"
RUNS = f"{EXERCISE}/runs"
ZERO = f"{EXERCISE}/beta_zero"
LOSSES = f"{EXERCISE}/losses"
ACTOR = f"{EXERCISE}/actor_gradient"
CRITIC = f"{EXERCISE}/critic_gradient"
LEAVES_ALONE = f"{EXERCISE}/leaves_alone"
DEFAULT = f"{EXERCISE}/default_beta"
OTHERS = f"{EXERCISE}/other_cases"
BASIC = (RUNS, ZERO, LOSSES, ACTOR, CRITIC)
NUMBERS = (ZERO, LOSSES, ACTOR, CRITIC, OTHERS)
"""What cannot be passed without a right number."""

READ = "challenge-an-entropy-bonus"
BETA = 0.5
CURIOUS = 2.0
"""The beta of an actor that is to stay undecided."""
ROUNDS = 25
THINK = "minus the sum of p log p over all actions: summed over the steps, times beta, subtracted?"


@pytest.fixture
def trials(player: Player, case_seed: int) -> StepTrials:
    return StepTrials.of(player, case_seed, evidence, EXERCISE, "entropy_regularised_step", READ)


@cache
def networks(seed: int) -> Networks:
    return random_networks(generator(seed, "entropy"), n_actions=3)


@cache
def bonus(seed: int) -> StepCase:
    return step_case("bonus", seed, [-5.0, 3.0, 2.0, -4.0, 6.0], networks(seed), beta=BETA)


@cache
def zero(seed: int) -> StepCase:
    return step_case("bonus", seed, [-5.0, 3.0, 2.0, -4.0, 6.0], networks(seed), beta=0.0)


@cache
def default(seed: int) -> StepCase:
    """The default is small: so are the rewards, and the critic has learned them."""
    seen = random_networks(generator(seed, "default"), n_actions=3, critic_gain=0.1)
    case = step_case("default", seed, [0.0] * 5, seen)
    return replace(case, description=f"{case.description}, beta not given")


@cache
def rare(seed: int) -> StepCase:
    """The policy is all but sure, and what it hardly ever does has happened."""
    sure = constant_networks([0.0005, 0.9995], value=1.0)
    episode = Episode(np.ones((2, 4), np.float32), actions=(0, 1), rewards=(3.0, -1.0))
    return StepCase(
        "T=2, a policy of [0.0005, 0.9995], beta=0.5",
        sure,
        (episode,),
        seed=seed,
        keywords=(("beta", BETA),),
    )


@cache
def one_step(seed: int) -> StepCase:
    return step_case("one step", seed, [2.5], networks(seed), beta=BETA)


@cache
def other_sizes(seed: int) -> StepCase:
    larger = random_networks(generator(seed, "larger"), state_dim=7, n_actions=5, hidden_dim=24)
    return step_case("other sizes", seed, [1.0, -2.0, 3.0, 0.5], larger, beta=0.2)


@cache
def several_calls(seed: int, optimizer: str) -> StepCase:
    rng = generator(seed, f"several {optimizer}")
    episodes = tuple(
        random_episode(rng, networks(seed), rng.choice([-2.0, 1.0, 3.0], size=3 + i).tolist())
        for i in range(2)
    )
    return StepCase(
        f"two calls in a row with {optimizer}, beta=0.2",
        networks(seed),
        episodes,
        optimizer=optimizer,  # type: ignore[arg-type]
        seed=seed,
        keywords=(("beta", 0.2),),
    )


@cache
def twice(seed: int) -> StepCase:
    """The same episode again: a call that reseeds leaves the random states as the first one did."""
    episode = random_episode(generator(seed, "twice"), networks(seed), [1.0, 2.0, -1.0])
    words = "two calls in a row, T=3, with networks in evaluation mode"
    keywords = (("beta", BETA),)
    return StepCase(
        words, networks(seed), (episode,) * 2, training=False, seed=seed, keywords=keywords
    )


@cache
def learning(seed: int, beta: float) -> StepCase:
    """The first action is rewarded again and again: who learns this becomes ever surer of it."""
    rng = generator(seed, "learning")
    states = rng.normal(size=(6, 4)).astype(np.float32)
    episode = Episode(states, (0,) * 6, (1.0,) * 6)
    return StepCase(
        f"{ROUNDS} updates with Adam in which the first action pays, beta={beta:g}",
        networks(seed),
        (episode,) * ROUNDS,
        optimizer="adam",
        actor_lr=0.05,
        seed=seed,
        keywords=(("beta", beta),),
    )


def evidence(seed: int) -> list[StepCase]:
    """What mistakes are known by, the cheapest first."""
    return [
        bonus(seed),
        zero(seed),
        default(seed),
        one_step(seed),
        rare(seed),
        twice(seed),
        several_calls(seed, "sgd"),
        other_sizes(seed),
        several_calls(seed, "adam"),
    ]


@check(RUNS, points=1, bonus=True, beside=[NUMBERS])
def test_it_takes_an_episode_and_beta_and_returns_two_floats(
    trials: StepTrials, case_seed: int
) -> None:
    """It takes an episode and beta, and returns two finite Python floats."""
    case = bonus(case_seed)
    call = trials.outcome(case).calls[0]
    require_two_floats(call, case, READ)
    require_one_step_each(call, case)


@check(ZERO, points=2, bonus=True, needs=[RUNS])
def test_without_a_bonus_it_is_the_plain_update(trials: StepTrials, case_seed: int) -> None:
    """With beta = 0 it is the update of exercise 1."""
    case = zero(case_seed)
    require_all(trials.calls(case), case, "beta is 0: what is left of the actor loss?")


@check(LOSSES, points=3, bonus=True, needs=[RUNS, ZERO])
def test_the_actor_loss_has_the_bonus_and_the_critic_loss_has_not(
    trials: StepTrials, case_seed: int
) -> None:
    """The actor loss has the bonus, the critic loss has not."""
    case = bonus(case_seed)
    got, expected = trials.calls(case)[0]
    require_loss(1, got, expected, case, "is the bonus for the actor, or for the critic?", READ)
    require_loss(0, got, expected, case, THINK, READ)


@check(ACTOR, points=3, bonus=True, needs=[RUNS, LOSSES])
def test_the_actor_is_moved_by_the_bonus(trials: StepTrials, case_seed: int) -> None:
    """The actor moves along the gradient of its loss, the bonus included."""
    case = bonus(case_seed)
    think = "does the entropy keep its graph to the actor, and is it in what goes backward?"
    require_change("actor", *trials.calls(case)[0], case, think, READ)


@check(CRITIC, points=1, bonus=True, needs=[RUNS, LOSSES])
def test_the_critic_is_moved_by_its_own_loss(trials: StepTrials, case_seed: int) -> None:
    """The critic moves along the gradient of its own loss."""
    case = bonus(case_seed)
    think = "which loss may move the critic?"
    require_change("critic", *trials.calls(case)[0], case, think, READ)


@check(DEFAULT, points=1, bonus=True, needs=BASIC)
def test_the_default_of_beta_is_a_hundredth(trials: StepTrials, case_seed: int) -> None:
    """Without a beta, it is 0.01."""
    case = default(case_seed)
    require_all(trials.calls(case), case, "what is beta if the caller says nothing?")


@check(LEAVES_ALONE, points=1, bonus=True, needs=[RUNS], beside=[NUMBERS])
def test_what_belongs_to_the_caller_is_left_alone(trials: StepTrials, case_seed: int) -> None:
    """The caller's lists, random state, modes and optimizer settings are left alone."""
    case = bonus(case_seed)
    call = trials.outcome(case).calls[0]
    require_left_alone(call, case, trials.outcome(twice(case_seed)).calls, READ)


@check(OTHERS, points=1, bonus=True, needs=[*BASIC, LEAVES_ALONE])
def test_unlikely_actions_other_sizes_and_more_calls_work(
    trials: StepTrials, case_seed: int
) -> None:
    """Sure policies, short episodes, other sizes and several calls work like any other."""
    for case in (
        one_step(case_seed),
        rare(case_seed),
        other_sizes(case_seed),
        several_calls(case_seed, "sgd"),
        several_calls(case_seed, "adam"),
    ):
        require_all(trials.calls(case), case, "what is different about this case?")


@check(f"{EXERCISE}/stays_curious", points=2, bonus=True, needs=[*BASIC, OTHERS])
def test_a_larger_beta_keeps_more_entropy_while_learning(
    trials: StepTrials, case_seed: int
) -> None:
    """While learning, a larger beta keeps more of the entropy."""
    entropies = {}
    for beta in (0.0, CURIOUS):
        case = learning(case_seed, beta)
        entropies[beta] = [
            _entropy_after(case, calls) for calls in zip(*trials.calls(case), strict=True)
        ]
    (plain, _), (curious, expected) = entropies[0.0], entropies[CURIOUS]
    # The reference's, up to what rounding makes of many updates; at the very least, more.
    if not (curious > plain and abs(curious - expected) <= 0.05 * expected):
        raise CheckFailed(
            Message(
                "the bonus does not keep the policy undecided.",
                got=f"an entropy of {number(curious)} nats with beta={CURIOUS:g}",
                expected=f"{number(expected)} nats; {number(plain)} with beta=0",
                think="what does a larger beta do to the gradient of a policy that is almost sure?",
                case=learning(case_seed, CURIOUS).description,
                read=READ,
            )
        )


def _entropy_after(case: StepCase, calls: tuple[StepCall, ...]) -> float:
    """The policy's mean entropy in the states of the case, after all calls."""
    weights = [
        begun + sum(call.actor_delta[i] for call in calls)
        for i, begun in enumerate(case.networks.actor)
    ]
    hidden_weight, hidden_bias, weight, bias = weights
    states = case.episodes[0].states
    logits = np.maximum(states @ hidden_weight.T + hidden_bias, 0) @ weight.T + bias
    logits -= logits.max(axis=1, keepdims=True)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(-(np.exp(log_probs) * log_probs).sum(axis=1).mean())
