"""The checks of exercise 1, `actor_critic_step`: 45 points."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from grading.cases import (
    Episode,
    Networks,
    StepCase,
    constant_networks,
    describe_episode,
    generator,
    random_episode,
    random_networks,
    step_case,
)
from grading.checks import CheckFailed, check
from grading.compare import norm
from grading.judge import CONSTANT, require_all, require_change, require_loss
from grading.manners import (
    require_left_alone,
    require_one_step_each,
    require_two_floats,
    require_work,
)
from grading.messages import Message, number
from grading.player import Player
from grading.trials import StepTrials
from lesson import compute_returns

STEP = "actor_critic_step"
RUNS = "actor_critic_step/runs"
WORKED = "actor_critic_step/worked_example"
ACTOR_LOSS = "actor_critic_step/actor_loss"
CRITIC_LOSS = "actor_critic_step/critic_loss"
ACTOR_GRADIENT = "actor_critic_step/actor_gradient"
CRITIC_GRADIENT = "actor_critic_step/critic_gradient"
ISOLATED = "actor_critic_step/critic_isolated"
ONE_STEP = "actor_critic_step/one_step_each"
LEAVES_ALONE = "actor_critic_step/leaves_alone"
REWARDS = "actor_critic_step/rewards"
STALE = "actor_critic_step/stale_gradients"
ADAM = "actor_critic_step/adam"
ONE_STEP_EPISODE = "actor_critic_step/one_step_episode"
LONG = "actor_critic_step/long_episode"
SIZES = "actor_critic_step/other_sizes"

BASIC = (
    RUNS,
    WORKED,
    ACTOR_LOSS,
    CRITIC_LOSS,
    ONE_STEP,
    ISOLATED,
    ACTOR_GRADIENT,
    CRITIC_GRADIENT,
)
"""What an ordinary episode shows: special ones are of interest only if that is right."""

CRITIC_CHANGES = (CRITIC_GRADIENT, STALE, ADAM, REWARDS, ONE_STEP_EPISODE, LONG, SIZES)
CHANGES = (ACTOR_GRADIENT, *CRITIC_CHANGES)
NUMBERS = (CRITIC_LOSS, ACTOR_LOSS, *CHANGES)
"""What cannot be passed without a right number; without a right change of weights."""

THINK_ACTOR_LOSS = (
    "-sum of log_prob times advantage: is each of the three words sum, minus and advantage there?"
)
THINK_CRITIC_LOSS = "the mean of what, squared, over which steps?"


@pytest.fixture
def trials(player: Player, case_seed: int) -> StepTrials:
    return StepTrials.of(player, case_seed, evidence, STEP, STEP, "exercise-1-the-update")


@cache
def varied(seed: int) -> StepCase:
    """Six different rewards, with large returns of both signs: no two ways of adding agree."""
    rng = generator(seed, "varied rewards")
    while True:
        rewards = rng.choice([-7, -6, -5, -4, -3, 2, 3, 4, 5, 6, 7], size=6, replace=False)
        returns = compute_returns(rewards.tolist())
        if min(returns) < -4 and max(returns) > 4:
            return step_case("varied", seed, [float(reward) for reward in rewards])


@cache
def worked_example() -> StepCase:
    """The lesson's own numbers: a return of 15, a value of 12, an advantage of 3."""
    return step_case("worked", 0, [15.0], constant_networks([0.5, 0.5], value=12.0))


@cache
def perfect_critic(seed: int) -> StepCase:
    """V(s_t) = G_t = 100 everywhere: the critic's own loss has nothing left to teach it."""
    rng = generator(seed, "perfect critic weights")
    networks = random_networks(rng)
    hidden, bias, output, output_bias = networks.critic
    value = 100.0
    critic = (hidden, bias, np.zeros_like(output), np.full_like(output_bias, value))
    rewards = [1.0, 1.0, value]  # 1 + 0.99 * 100 = 100
    case = step_case("perfect critic", seed, rewards, Networks(networks.actor, critic))
    return StepCase(
        "T=3, rewards [1, 1, 100], V(s_t) = G_t = 100", case.networks, case.episodes, seed=seed
    )


@cache
def unusual_rewards(seed: int) -> tuple[StepCase, ...]:
    """All negative, all zero, zeros in between, fractions below one; and an unlikely action."""
    rare = constant_networks([0.0005, 0.9995], value=1.0)
    episode = Episode(np.ones((2, 4), np.float32), actions=(0, 1), rewards=(3.0, -1.0))
    return (
        StepCase("T=2, the first action had probability 0.0005", rare, (episode,), seed=seed),
        step_case("zeros in between", seed, [0.0, 2.0, 0.0, 0.0, -3.0, 0.0, 1.0]),
        step_case("negative", seed, [-2.0, -1.0, -3.0]),
        # Small values leave small advantages: whatever else is in the loss stands out.
        step_case(
            "zero", seed, [0.0] * 4, random_networks(generator(seed, "zero"), critic_gain=0.1)
        ),
        step_case("fractional", seed, [0.25, 0.5, 0.75, 0.125]),
    )


@cache
def several_calls(seed: int, optimizer: str, calls: int) -> StepCase:
    """Episodes of different lengths, one after the other on the same networks."""
    rng = generator(seed, f"several {optimizer}")
    networks = random_networks(rng)
    episodes = tuple(
        random_episode(
            rng, networks, rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], size=3 + index).tolist()
        )
        for index in range(calls)
    )
    return StepCase(
        f"{calls} calls in a row, the first with {describe_episode(episodes[0].rewards)}",
        networks,
        episodes,
        optimizer=optimizer,  # type: ignore[arg-type]
        seed=seed,
    )


@cache
def one_step(seed: int) -> StepCase:
    return step_case("one step", seed, [2.5])


@cache
def long(seed: int) -> StepCase:
    rewards = generator(seed, "long rewards").normal(20.0, 20.0, size=400).round(1)
    return step_case("long", seed, rewards.tolist(), actor_lr=1e-6, critic_lr=1e-4)


@cache
def at_the_limit(seed: int) -> StepCase:
    """As long as CartPole's episodes get, with a critic that takes them to go on."""
    networks = random_networks(generator(seed, "limit weights"))
    *hidden, bias = networks.critic
    networks = Networks(networks.actor, (*hidden, np.full_like(bias, 50.0)))
    case = step_case("limit", seed, [1.0] * 500, networks, actor_lr=1e-5, critic_lr=1e-4)
    return replace(case, description="T=500, rewards all 1, V(s_t) about 50")


@cache
def other_sizes(seed: int) -> StepCase:
    networks = random_networks(
        generator(seed, "other weights"), state_dim=7, n_actions=5, hidden_dim=24
    )
    return step_case("other sizes", seed, [1.0, -2.0, 3.0, 0.5, -1.5], networks)


@cache
def twice(seed: int) -> StepCase:
    """The same episode again: a call that reseeds leaves the random states as the first one did."""
    networks = random_networks(generator(seed, "twice"))
    episode = random_episode(generator(seed, "twice"), networks, [1.0, 2.0, -1.0])
    words = "two calls in a row, T=3, with networks in evaluation mode"
    return StepCase(words, networks, (episode, episode), training=False, seed=seed)


def evidence(seed: int) -> list[StepCase]:
    """What mistakes are known by, the cheapest first."""
    return [
        varied(seed),
        worked_example(),
        perfect_critic(seed),
        one_step(seed),
        several_calls(seed, "sgd", 2),
        twice(seed),
        *unusual_rewards(seed),
        other_sizes(seed),
        several_calls(seed, "adam", 3),
        long(seed),
        at_the_limit(seed),
    ]


@check(RUNS, points=3, beside=[NUMBERS])
def test_it_takes_an_episode_and_returns_two_finite_floats(
    trials: StepTrials, case_seed: int
) -> None:
    """It takes an episode and returns two finite Python floats."""
    case = varied(case_seed)
    require_two_floats(trials.outcome(case).calls[0], case, "exercise-1-the-update")


@check(WORKED, points=3, needs=[RUNS], beside=[NUMBERS])
def test_the_lessons_own_numbers_come_out(trials: StepTrials) -> None:
    """The lesson's own numbers come out: return 15, value 12, advantage 3."""
    case = worked_example()
    got, expected = trials.calls(case)[0]
    think = "return 15, value 12, so the advantage is 3; log 0.5 = -0.693"
    require_loss(1, got, expected, case, think, "the-worked-numbers")
    require_loss(0, got, expected, case, think, "the-worked-numbers")


@check(CRITIC_LOSS, points=5, needs=[RUNS, WORKED])
def test_the_critic_loss_is_the_mean_squared_error(trials: StepTrials, case_seed: int) -> None:
    """The critic loss is the mean squared error between returns and values."""
    case = varied(case_seed)
    require_loss(1, *trials.calls(case)[0], case, THINK_CRITIC_LOSS, "the-critic-loss")


@check(ACTOR_LOSS, points=6, needs=[RUNS, WORKED, CRITIC_LOSS])
def test_the_actor_loss_is_minus_the_sum_of_log_prob_times_advantage(
    trials: StepTrials, case_seed: int
) -> None:
    """The actor loss is minus the sum of log-probability times advantage."""
    case = varied(case_seed)
    require_loss(0, *trials.calls(case)[0], case, THINK_ACTOR_LOSS, "the-actor-loss")


@check(ONE_STEP, points=2, needs=[RUNS], beside=[CHANGES])
def test_each_optimizer_that_was_passed_in_steps_exactly_once(
    trials: StepTrials, case_seed: int
) -> None:
    """Each optimizer that was passed in takes exactly one step."""
    case = varied(case_seed)
    require_one_step_each(trials.outcome(case).calls[0], case)


@check(LEAVES_ALONE, points=2, needs=[RUNS], beside=[NUMBERS])
def test_what_belongs_to_the_caller_is_left_alone(
    trials: StepTrials, case_seed: int, advice: list[str]
) -> None:
    """The caller's lists, random state, modes and optimizer settings are left alone."""
    case = varied(case_seed)
    call = trials.outcome(case).calls[0]
    require_left_alone(call, case, trials.outcome(twice(case_seed)).calls, "exercise-1-the-update")
    if call.random_before != call.random_after:
        advice.append(
            "The update draws random numbers, which it does not need: the same episode should give "
            "the same update, and the caller's next random numbers change."
        )
    if call.critic_forward_passes > 1:
        advice.append(
            f"The critic is evaluated {call.critic_forward_passes} times in one call. Once, for "
            "all states together, is enough: its values can be used again as constants."
        )


@check(ISOLATED, points=4, needs=[RUNS, CRITIC_LOSS], beside=[CRITIC_CHANGES])
def test_the_critic_is_not_trained_on_the_actor_loss(
    trials: StepTrials, case_seed: int, advice: list[str]
) -> None:
    """The critic is not trained on the actor's loss."""
    usual = varied(case_seed)
    call = trials.outcome(usual).calls[0]
    require_work(call, usual, norm(call.critic_delta), "the critic does")
    case = perfect_critic(case_seed)
    got, _ = trials.calls(case)[0]
    gradient = norm(got.critic_delta) / case.critic_lr
    # The value error is zero up to rounding; a leak is of the order of the summed log-probs.
    if not gradient <= 1e-3:
        raise CheckFailed(
            Message(
                "the critic moves although its own loss is already zero.",
                got=f"critic gradient |g| = {number(gradient)}",
                expected="critic gradient |g| = 0  (the value loss alone)",
                think="which network may the actor's loss move? or does the critic loss hold "
                "a term that is not in its formula?",
                case=case.description,
                read=CONSTANT,
            )
        )
    if got.critic_backward_passes > 1:
        advice.append(
            "The actor's loss also sends a gradient into the critic; a later zero_grad happens to "
            f"wipe it. Make the value a constant there: exercises/README.md#{CONSTANT}"
        )


@check(ACTOR_GRADIENT, points=5, needs=[RUNS, ACTOR_LOSS, ONE_STEP])
def test_the_actor_follows_the_gradient_of_its_loss(trials: StepTrials, case_seed: int) -> None:
    """The actor moves along the gradient of its loss."""
    case = varied(case_seed)
    require_change(
        "actor",
        *trials.calls(case)[0],
        case,
        "does the loss that you return also reach the actor, through the log-probs, once?",
        "the-update",
    )


@check(CRITIC_GRADIENT, points=4, needs=[RUNS, CRITIC_LOSS, ISOLATED, ONE_STEP])
def test_the_critic_follows_the_gradient_of_its_loss(trials: StepTrials, case_seed: int) -> None:
    """The critic moves along the gradient of its loss."""
    case = varied(case_seed)
    require_change(
        "critic",
        *trials.calls(case)[0],
        case,
        "does the critic loss, and nothing else, reach the critic through the values?",
        "the-update",
    )


@check(STALE, points=4, needs=[*BASIC, LEAVES_ALONE])
def test_gradients_of_an_earlier_call_do_not_leak_in(trials: StepTrials, case_seed: int) -> None:
    """Gradients of an earlier call do not leak into the next one."""
    case = several_calls(case_seed, "sgd", 2)
    think = "the first call is right: what does backward() leave behind for the second?"
    for index, (got, expected) in enumerate(trials.calls(case)):
        for which in ("actor", "critic"):
            when = f" in call {index + 1}"
            require_change(which, got, expected, case, think, "the-update", when)


@check(ADAM, points=2, needs=[*BASIC, LEAVES_ALONE, STALE])
def test_three_calls_in_a_row_with_adam_agree(trials: StepTrials, case_seed: int) -> None:
    """Three calls in a row with Adam move both networks as the reference does."""
    case = several_calls(case_seed, "adam", 3)
    think = "Adam remembers: is it the caller's optimizer that steps, in every call?"
    for index, (got, expected) in enumerate(trials.calls(case)):
        for which in ("actor", "critic"):
            when = f" in call {index + 1} with Adam"
            require_change(which, got, expected, case, think, "the-update", when)


@check(REWARDS, points=1, needs=BASIC)
def test_negative_zero_and_fractional_rewards_count(trials: StepTrials, case_seed: int) -> None:
    """Negative, zero and fractional rewards count as they are."""
    for case in unusual_rewards(case_seed):
        think = (
            "is anything rounded, clipped or left out, or does a loss hold more than its formula?"
        )
        require_all(trials.calls(case), case, think)


@check(ONE_STEP_EPISODE, points=1, needs=[*BASIC, REWARDS])
def test_an_episode_of_one_step_works(trials: StepTrials, case_seed: int) -> None:
    """An episode of one step works like any other."""
    case = one_step(case_seed)
    require_all(
        trials.calls(case), case, "what is the spread of one number, and the shape of one value?"
    )


@check(LONG, points=2, needs=[*BASIC, REWARDS])
def test_a_long_episode_with_large_gradients_works(trials: StepTrials, case_seed: int) -> None:
    """Episodes of 400 and 500 steps, with large gradients, work like any other."""
    for case in (long(case_seed), at_the_limit(case_seed)):
        require_all(
            trials.calls(case), case, "is anything cut off, clipped, or discounted once too often?"
        )


@check(SIZES, points=1, needs=[*BASIC, REWARDS])
def test_other_numbers_of_state_components_and_actions_work(
    trials: StepTrials, case_seed: int
) -> None:
    """Other numbers of state components and actions work too."""
    case = other_sizes(case_seed)
    require_all(trials.calls(case), case, "is the 4 or the 2 of CartPole written anywhere?")
