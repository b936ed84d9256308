"""The checks of a challenge, a model with two heads and its update: 20 bonus points."""

from functools import cache

import numpy as np
import pytest

from grading.cases import (
    Episode,
    ModelCase,
    Networks,
    StepCase,
    UpdateFunction,
    describe_episode,
    generator,
    on_one_trunk,
    random_episode,
    random_networks,
)
from grading.checks import CheckFailed, check
from grading.compare import norm, same_arrays, same_numbers
from grading.judge import require_loss
from grading.learning.verdict import require_learning
from grading.manners import require_left_alone, require_one_step_each, require_two_floats
from grading.messages import Message, number, numbers
from grading.outcome import StepCall
from grading.player import Player
from grading.trials import ModelTrials

EXERCISE = "challenges/shared_backbone"
LAYERS = f"{EXERCISE}/layers"
OUTPUTS = f"{EXERCISE}/outputs"
SHARED = f"{EXERCISE}/shared"
RUNS = f"{EXERCISE}/runs"
LOSSES = f"{EXERCISE}/losses"
HEADS = f"{EXERCISE}/heads"
TRUNK = f"{EXERCISE}/trunk"
COEFFICIENT = f"{EXERCISE}/coefficient"
LEAVES_ALONE = f"{EXERCISE}/leaves_alone"
OTHERS = f"{EXERCISE}/other_cases"
LEARNS = f"{EXERCISE}/learns"
MODEL = (LAYERS, OUTPUTS, SHARED)
BASIC = (*MODEL, RUNS, LOSSES, HEADS, TRUNK)
NUMBERS = (OUTPUTS, LOSSES, HEADS, TRUNK, COEFFICIENT, OTHERS)
"""What cannot be passed without a right number."""
CHANGES = (HEADS, TRUNK, OTHERS)
"""What cannot be passed without a right change of the model."""

STEP = UpdateFunction(EXERCISE, "shared_actor_critic_step", shared=True)
READ = "challenge-one-network-with-two-heads"
COMMON = (0, 1)
POLICY, VALUE = (2, 3), (4, 5)
"""Numbers of the parameters: weight and bias of trunk, policy head and value head."""


@pytest.fixture
def trials(player: Player, case_seed: int) -> ModelTrials:
    return ModelTrials.of(player, case_seed, evidence, EXERCISE, STEP.name, READ)


def networks(seed: int, purpose: str = "shared", **sizes: int) -> Networks:
    return on_one_trunk(random_networks(generator(seed, purpose), **{"n_actions": 3, **sizes}))


@cache
def model(seed: int) -> ModelCase:
    states = generator(seed, "states").normal(size=(5, 4)).astype(np.float32)
    words = "state_dim=4, n_actions=3, hidden_dim=16, five states"
    return ModelCase(words, networks(seed), states, seed)


@cache
def other_model(seed: int) -> ModelCase:
    states = generator(seed, "other states").normal(size=(6, 7)).astype(np.float32)
    seen = networks(seed, "other", state_dim=7, n_actions=5, hidden_dim=24)
    return ModelCase("state_dim=7, n_actions=5, hidden_dim=24, six states", seen, states, seed)


@cache
def one_state(seed: int) -> ModelCase:
    states = generator(seed, "one state").normal(size=(1, 4)).astype(np.float32)
    words = "state_dim=4, n_actions=3, hidden_dim=16, a table of one state"
    return ModelCase(words, networks(seed), states, seed)


@cache
def default_width(seed: int) -> ModelCase:
    states = generator(seed, "default width").normal(size=(2, 4)).astype(np.float32)
    words = "state_dim=4, n_actions=3, no hidden_dim given"
    seen = networks(seed, "default", hidden_dim=128)
    return ModelCase(words, seen, states, seed, default_width=True)


def _case(
    purpose: str,
    seed: int,
    rewards: list[float],
    seen: Networks | None = None,
    **keywords: float,
) -> StepCase:
    rng = generator(seed, purpose)
    seen = seen or networks(seed, purpose)
    episode = random_episode(rng, seen, rewards)
    words = [describe_episode(rewards), *(f"{k}={v:g}" for k, v in keywords.items())]
    return StepCase(
        ", ".join(words),
        seen,
        (episode,),
        seed=seed,
        keywords=tuple(keywords.items()),
        shared=True,
    )


@cache
def varied(seed: int) -> StepCase:
    return _case("varied", seed, [-5.0, 3.0, 2.0, -4.0, 6.0])


@cache
def weighted(seed: int) -> StepCase:
    return _case("weighted", seed, [-5.0, 3.0, 2.0, -4.0, 6.0], value_coefficient=2.0)


@cache
def policy_only(seed: int) -> StepCase:
    return _case("policy only", seed, [4.0, -3.0, 5.0], value_coefficient=0.0)


@cache
def one_step(seed: int) -> StepCase:
    return _case("one step", seed, [2.5])


@cache
def other_sizes(seed: int) -> StepCase:
    seen = networks(seed, "other", state_dim=7, n_actions=5, hidden_dim=24)
    return _case("other sizes", seed, [1.0, -2.0, 3.0, 0.5], seen)


@cache
def several_calls(seed: int, optimizer: str) -> StepCase:
    rng = generator(seed, f"several {optimizer}")
    seen = networks(seed)
    episodes = tuple(
        random_episode(rng, seen, rng.choice([-2.0, 1.0, 3.0], size=3 + i).tolist())
        for i in range(2)
    )
    words = f"two calls in a row with {optimizer}"
    return StepCase(words, seen, episodes, optimizer=optimizer, seed=seed, shared=True)  # type: ignore[arg-type]


@cache
def twice(seed: int) -> StepCase:
    """The same episode again: a call that reseeds leaves the random states as the first one did."""
    seen = networks(seed)
    episode: Episode = random_episode(generator(seed, "twice"), seen, [1.0, 2.0, -1.0])
    words = "two calls in a row, T=3, with the model in evaluation mode"
    return StepCase(words, seen, (episode,) * 2, training=False, seed=seed, shared=True)


def evidence(seed: int) -> list[ModelCase | StepCase]:
    """What mistakes are known by, the cheapest first."""
    return [
        varied(seed),
        model(seed),
        weighted(seed),
        policy_only(seed),
        one_step(seed),
        twice(seed),
        several_calls(seed, "sgd"),
        other_model(seed),
        one_state(seed),
        default_width(seed),
        other_sizes(seed),
        several_calls(seed, "adam"),
    ]


def fail(case: ModelCase | StepCase, cause: str, got: str, expected: str, think: str) -> None:
    raise CheckFailed(Message(cause, got, expected, think=think, case=case.description, read=READ))


@check(LAYERS, points=2, bonus=True, beside=[NUMBERS])
def test_the_model_has_three_layers(trials: ModelTrials, case_seed: int) -> None:
    """The model has a trunk, a policy head and a value head, and no other parameters."""
    for case in (model(case_seed), other_model(case_seed), default_width(case_seed)):
        got, expected = trials.model(case)
        if got.shapes != expected.shapes:
            fail(
                case,
                "the model has other parameters than those of its three layers.",
                f"parameters of shape {_shown(got.shapes)}",
                f"parameters of shape {_shown(expected.shapes)}",
                "which sizes go into a layer and come out? is each layer made once, as self.…?",
            )


def _shown(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join(map(str, shapes)) or "none"


@check(OUTPUTS, points=2, bonus=True, needs=[LAYERS])
def test_the_model_gives_probabilities_and_values(trials: ModelTrials, case_seed: int) -> None:
    """It gives probabilities and values, for one state and for several."""
    for case in (model(case_seed), other_model(case_seed), one_state(case_seed)):
        got, expected = trials.model(case)
        several = "several states" if len(case.states) > 1 else "a table of one state"
        for mine, right, what in (
            (got.returned, expected.returned, several),
            (got.returned_for_one, expected.returned_for_one, "one state"),
        ):
            if mine != right:
                fail(
                    case,
                    f"for {what}, the model returns another kind of thing.",
                    mine,
                    right,
                    "probabilities first, then values; what does a layer with one output leave?",
                )
        for name, seen, wanted in (
            ("probabilities", got.probs, expected.probs),
            ("values", got.values, expected.values),
        ):
            assert wanted is not None  # the reference returns tensors
            if seen is None or not same_numbers(seen.ravel(), wanted.ravel()):
                fail(
                    case,
                    f"the {name} are not those of the three layers.",
                    f"{name} {numbers(seen[:1].ravel()) if seen is not None else 'missing'}",
                    f"{name} {numbers(wanted[:1].ravel())} in the first state",
                    "relu after the trunk, softmax after the policy head, nothing after the other?",
                )


@check(SHARED, points=2, bonus=True, needs=[LAYERS, OUTPUTS], beside=[NUMBERS])
def test_the_trunk_is_shared(trials: ModelTrials, case_seed: int) -> None:
    """Policy and value both depend on the trunk, and each on its own head alone."""
    case = model(case_seed)
    got, _ = trials.model(case)
    for name, moved, wanted in (
        ("policy", got.moved_by_policy, COMMON + POLICY),
        ("value", got.moved_by_value, COMMON + VALUE),
    ):
        if moved != wanted:
            fail(
                case,
                f"the {name} does not depend on the trunk and on its own head, and on them alone.",
                f"a gradient in {_parts(moved)}",
                f"a gradient in {_parts(wanted)}",
                "does each head take what comes out of the trunk, with its graph?",
            )


def _parts(moved: tuple[int, ...]) -> str:
    parts = {"the trunk": COMMON, "the policy head": POLICY, "the value head": VALUE}
    return ", ".join(name for name, which in parts.items() if set(which) & set(moved)) or "nothing"


@check(RUNS, points=1, bonus=True, needs=MODEL, beside=[NUMBERS])
def test_the_step_returns_two_floats(trials: ModelTrials, case_seed: int) -> None:
    """The step returns two finite Python floats, and the optimizer steps once."""
    case = varied(case_seed)
    call = trials.calls(case)[0][0]
    require_two_floats(call, case, READ)
    require_one_step_each(call, case)


@check(LOSSES, points=2, bonus=True, needs=[*MODEL, RUNS])
def test_the_two_losses_are_returned(trials: ModelTrials, case_seed: int) -> None:
    """Actor loss and critic loss are those of exercise 1."""
    case = varied(case_seed)
    got, expected = trials.calls(case)[0]
    require_loss(1, got, expected, case, "a mean, without the coefficient?", READ)
    require_loss(0, got, expected, case, "a sum, with values that are constants?", READ)


@check(HEADS, points=2, bonus=True, needs=[*MODEL, RUNS, LOSSES])
def test_each_head_is_moved_by_its_own_loss(trials: ModelTrials, case_seed: int) -> None:
    """Each head is moved by its own loss alone."""
    for case in (varied(case_seed), policy_only(case_seed)):
        got, expected = trials.calls(case)[0]
        _require_part("policy head", got.actor_delta[2:], expected.actor_delta[2:], case)
        _require_part("value head", got.critic_delta[2:], expected.critic_delta[2:], case)


@check(TRUNK, points=2, bonus=True, needs=[*MODEL, RUNS, LOSSES, HEADS])
def test_the_trunk_is_moved_by_both_losses(trials: ModelTrials, case_seed: int) -> None:
    """The trunk is moved by both losses."""
    case = varied(case_seed)
    got, expected = trials.calls(case)[0]
    _require_part("trunk", got.actor_delta[:2], expected.actor_delta[:2], case)


@check(COEFFICIENT, points=1, bonus=True, needs=BASIC)
def test_the_callers_coefficient_is_used(trials: ModelTrials, case_seed: int) -> None:
    """The caller's coefficient is used; without one, it is 0.5."""
    for case in (weighted(case_seed), policy_only(case_seed)):
        _require_everything(trials.calls(case), case)


@check(LEAVES_ALONE, points=1, bonus=True, needs=[*MODEL, RUNS], beside=[NUMBERS])
def test_what_belongs_to_the_caller_is_left_alone(trials: ModelTrials, case_seed: int) -> None:
    """The caller's lists, random state, modes and optimizer settings are left alone."""
    case = varied(case_seed)
    again = tuple(got for got, _ in trials.calls(twice(case_seed)))
    require_left_alone(trials.calls(case)[0][0], case, again, READ)


@check(OTHERS, points=2, bonus=True, needs=[*BASIC, COEFFICIENT, LEAVES_ALONE])
def test_other_episodes_sizes_and_several_calls_work(trials: ModelTrials, case_seed: int) -> None:
    """Short episodes, other sizes and several calls work like any other."""
    for case in (
        one_step(case_seed),
        other_sizes(case_seed),
        several_calls(case_seed, "sgd"),
        several_calls(case_seed, "adam"),
    ):
        _require_everything(trials.calls(case), case)


def _require_everything(calls: list[tuple[StepCall, StepCall]], case: StepCase) -> None:
    for got, expected in calls:
        require_loss(0, got, expected, case, "what is different about this case?", READ)
        require_loss(1, got, expected, case, "what is different about this case?", READ)
        _require_part("policy head", got.actor_delta[2:], expected.actor_delta[2:], case)
        _require_part("value head", got.critic_delta[2:], expected.critic_delta[2:], case)
        _require_part("trunk", got.actor_delta[:2], expected.actor_delta[:2], case)


def _require_part(
    name: str, moved: tuple[np.ndarray, ...], wanted: tuple[np.ndarray, ...], case: StepCase
) -> None:
    if same_arrays(moved, wanted):
        return
    still = norm(moved) == 0
    fail(
        case,
        f"the {name} does not move at all." if still else f"the {name} is moved by something else.",
        f"change of the {name} |d| = {number(norm(moved))}",
        f"|d| = {number(norm(wanted))}; the two are "
        f"{number(norm([a - b for a, b in zip(moved, wanted, strict=True)]))} apart",
        "which losses reach this part, with which factors, in the one backward pass?",
    )


@pytest.mark.learning
@check(
    LEARNS,
    points=3,
    bonus=True,
    needs=BASIC,
    time_limit=120,
    beside=[CHANGES],
)
def test_short_runs_with_one_network_learn(
    player: Player, case_seed: int, remarks: list[str]
) -> None:
    """Trained several times over, the model learns as the reference's does."""
    remarks += require_learning(player, case_seed, "shared_backbone", STEP, READ)
