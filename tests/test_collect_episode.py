"""The checks of exercise 2, `collect_episode_with_values`: 35 points."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from grading.binomial import acceptance
from grading.cases import (
    CollectCase,
    Group,
    Networks,
    constant_networks,
    generator,
    random_networks,
)
from grading.checks import CheckFailed, check
from grading.compare import same_arrays, same_number, same_numbers
from grading.evidence import count_actions
from grading.messages import Message, numbers
from grading.outcome import CollectOutcome, reseeded
from grading.player import Player
from grading.trials import CollectTrials

RUNS = "collect_episode/runs"
STATES = "collect_episode/states"
ACTIONS = "collect_episode/actions"
REWARDS = "collect_episode/rewards"
VALUES = "collect_episode/values"
VALUE_TYPES = "collect_episode/value_types"
LOG_PROBS = "collect_episode/log_probs"
LOG_PROB_GRAPH = "collect_episode/log_prob_graph"
ENDS_TERMINATED = "collect_episode/ends_when_terminated"
ENDS_TRUNCATED = "collect_episode/ends_when_truncated"
WHOLE = "collect_episode/whole_episode"
LEAVES_ALONE = "collect_episode/leaves_alone"
BASIC = (RUNS, STATES, ACTIONS, REWARDS, VALUES, LOG_PROBS)
"""What an ordinary episode shows: special ones are of interest only if that is right."""

NUMBERS = (STATES, REWARDS, VALUES, LOG_PROBS, LOG_PROB_GRAPH)
"""What cannot be passed without a right number."""

EXERCISE = "exercise-2-collecting-an-episode"
FLOATS_AND_GRAPHS = "floats-and-graphs"
END = "the-end-of-an-episode"
COPY = "a-copy-of-the-state"
WANTED = {
    "actions": "those that env.step received",
    "rewards": "those that env.step paid",
    "values": "V(s_t)",
    "log_probs": "log pi(a_t|s_t)",
}
NAMES = ("states", "actions", "rewards", "log_probs", "values")
FALSE_ALARM = 1e-9
"""How often a collector that follows the policy fails the check of its actions."""


UNLIKELY = (0.001, 0.05)
"""In the long episode: where the policy is all but sure, exploration shows; else, greed."""
STEPS_OF_A_GROUP = 600
OPENINGS = 150
LARGE = np.float32(50)
"""Times as large as others: the size of large states."""


@pytest.fixture
def trials(player: Player, case_seed: int) -> CollectTrials:
    return CollectTrials.of(player, case_seed, evidence)


def _script(
    purpose: str,
    seed: int,
    rewards: Sequence[float],
    description: str,
    networks: Networks | None = None,
) -> CollectCase:
    rng = generator(seed, purpose)
    networks = networks or random_networks(rng)
    observations = rng.normal(size=(len(rewards) + 1, networks.state_dim)).astype(np.float32)
    return CollectCase(
        description, networks, seed, observations=observations, rewards=tuple(rewards)
    )


@cache
def scripted(seed: int) -> CollectCase:
    """Distinct states, rewards 1, 10, 100, ...; ends terminated and truncated at once."""
    rewards = [10.0**step for step in range(6)]
    return _script(
        "scripted", seed, rewards, "a scripted episode, T=6, rewards [1, 10, 100, ..., 100000]"
    )


@cache
def terminated(seed: int) -> CollectCase:
    case = _script("terminated", seed, [1.0, 10.0, 100.0], "T=3, ends with terminated=True only")
    return replace(case, truncated=False)


@cache
def truncated(seed: int) -> CollectCase:
    case = _script("truncated", seed, [1.0, 10.0, 100.0], "T=3, ends with truncated=True only")
    return replace(case, terminated=False)


@cache
def one_step(seed: int) -> CollectCase:
    networks = random_networks(generator(seed, "other"), state_dim=7, n_actions=5, hidden_dim=24)
    return _script(
        "one step", seed, [-2.5], "T=1, 7 state components, 5 actions, reward -2.5", networks
    )


@cache
def reusing(seed: int) -> CollectCase:
    """Large observations in one buffer: neither may be cut off, nor overwritten.

    Nor is a reward a sign of the end. The networks take the size back, so that the policy is not
    sure of anything: there the logarithm of a probability is a matter of rounding.
    """
    networks = random_networks(generator(seed, "for large states"))
    sized = ((hidden / LARGE, *others) for hidden, *others in (networks.actor, networks.critic))
    words = "T=4, one buffer for all states, which are large"
    case = _script("reusing", seed, [1.0, 0.0, -10.0, 0.25], words, Networks(*sized))
    assert case.observations is not None
    return replace(case, observations=LARGE * case.observations, reuse_buffer=True)


@cache
def long(seed: int) -> CollectCase:
    """1,200 steps in which the policy prefers one action, now this one and now that.

    The first component is the likely action's logit; its sign says which action that is.
    """
    steps = len(UNLIKELY) * STEPS_OF_A_GROUP
    rng = generator(seed, "long")
    observations = rng.normal(size=(steps + 1, 4)).astype(np.float32)
    chances = rng.permutation(np.repeat(UNLIKELY, STEPS_OF_A_GROUP))
    signs = rng.choice([-1.0, 1.0], size=steps)
    observations[:steps, 0] = np.log((1 - chances) / chances) * signs
    unlikely_actions = np.where(signs > 0, 1, 0).tolist()
    # One hidden unit for each sign of the first component; each speaks for its own action.
    hidden = np.array([[1, 0, 0, 0], [-1, 0, 0, 0]], np.float32)
    nothing = np.zeros(2, np.float32)
    networks = Networks(
        (hidden, nothing, np.eye(2, dtype=np.float32), nothing),
        random_networks(rng, hidden_dim=2).critic,
    )
    return CollectCase(
        f"a scripted episode of {steps} steps",
        networks,
        seed,
        observations=observations,
        rewards=(1.0,) * steps,
        groups=tuple(
            Group(
                chance,
                tuple(
                    (t, unlikely_actions[t])
                    for t in np.flatnonzero(chances == chance).tolist()
                    if t > 0
                ),
            )
            for chance in UNLIKELY
        ),
    )


@cache
def fair(seed: int) -> CollectCase:
    """Two episodes of a hundred coin flips, with networks that are not in training mode."""
    networks = constant_networks([0.5, 0.5], value=0.0)
    words = (
        "two episodes in a row, each of 100 steps with two actions of probability 0.5, with "
        "networks in evaluation mode"
    )
    case = _script("fair", seed, [1.0] * 100, words, networks)
    return replace(case, plays=2, training=False)


@cache
def openings(seed: int) -> CollectCase:
    """Many episodes of one step: how an episode begins, and that there can be three actions."""
    networks = constant_networks([0.05, 0.01, 0.94], value=0.0)
    words = f"{OPENINGS} episodes of one step, with three actions"
    case = _script("openings", seed, [1.0], words, networks)
    return replace(case, plays=OPENINGS, groups=(Group(0.05, ((0, 0),)),))


@cache
def cartpole(seed: int, limit: int) -> CollectCase:
    networks = random_networks(generator(seed, "cartpole"))
    words = f"real CartPole-v1 with a time limit of {limit} steps"
    return CollectCase(words, networks, seed, max_episode_steps=limit)


def evidence(seed: int) -> list[CollectCase]:
    """What mistakes are known by, the cheapest first."""
    return [
        truncated(seed),
        terminated(seed),
        scripted(seed),
        one_step(seed),
        reusing(seed),
        cartpole(seed, limit=6),
        fair(seed),
        openings(seed),
        long(seed),
    ]


def fail(
    case: CollectCase, cause: str, got: str, expected: str, think: str = "", read: str = EXERCISE
) -> None:
    raise CheckFailed(Message(cause, got, expected, think=think, case=case.description, read=read))


@check(RUNS, points=3, beside=[NUMBERS])
def test_it_returns_five_lists_of_the_episodes_length(
    trials: CollectTrials, case_seed: int
) -> None:
    """It plays one episode and returns five lists of its length."""
    case = scripted(case_seed)
    outcome = trials.outcome(case)
    steps = len(outcome.trajectory.steps)
    if outcome.returned.length != 5:
        fail(
            case,
            "five lists are to be returned.",
            f"it returned {outcome.returned.description}",
            "a tuple of 5: list, list, list, list, list",
        )
    if None in outcome.lengths:
        name = NAMES[outcome.lengths.index(None)]
        fail(
            case,
            f"`{name}` is not a list.",
            f"it returned {outcome.returned.description}",
            "a tuple of 5: list, list, list, list, list",
        )
    if set(outcome.lengths) != {len(case.rewards)} or steps != len(case.rewards):
        lengths = ", ".join(
            f"{name} {length}" for name, length in zip(NAMES, outcome.lengths, strict=True)
        )
        fail(
            case,
            "the lists do not have one entry for each step of the episode.",
            f"{lengths}; the environment was stepped {steps} times",
            f"{len(case.rewards)} steps, and as many entries in each list",
            "how often does each round step the environment, and what does it store? when does "
            "the loop end?",
        )
    _require_new_lists(fair(case_seed), trials)


def _require_new_lists(case: CollectCase, trials: CollectTrials) -> None:
    outcome = trials.played(case)  # what it raises is another check's concern
    taken = len(outcome.trajectory.steps)
    longest = max((length for length in outcome.lengths if length is not None), default=0)
    if longest > taken + 1:
        fail(
            case,
            "the lists still hold an earlier episode.",
            f"{longest} entries after the second episode, which had {taken} steps",
            f"{taken} entries",
            "when is a list made that stands in the parameters, or outside of the function?",
        )


def _require_steps(outcome: CollectOutcome, case: CollectCase) -> None:
    """That no harm is done proves nothing if nothing is done."""
    if not outcome.trajectory.steps:
        fail(
            case,
            "the environment is never stepped, so there is nothing to see here yet.",
            "no step",
            "an episode",
        )


@check(LEAVES_ALONE, points=2, needs=[RUNS], beside=[NUMBERS])
def test_what_belongs_to_the_caller_is_left_alone(trials: CollectTrials, case_seed: int) -> None:
    """The networks, the caller's environment and the random seeds are left alone."""
    case = scripted(case_seed)
    outcome = trials.outcome(case)
    _require_steps(outcome, case)
    changed = list(outcome.changed)
    if outcome.trajectory.closed:
        changed.append("the environment (it was closed)")
    again = trials.outcome(fair(case_seed))
    changed += [one for one in again.changed if one not in changed]
    changed += [
        f"the seed of {name} (two episodes leave it in one and the same state)"
        for name in reseeded(*again.random_states)
    ]
    if changed:
        fail(
            case,
            f"the call changes {changed[0]}, which is the caller's.",
            "changed: " + "; ".join(changed),
            "random numbers are drawn, and nothing else changes",
            "what would the caller's next episode find changed?",
        )


@check(STATES, points=3, needs=[RUNS])
def test_each_state_is_the_one_before_the_step(trials: CollectTrials, case_seed: int) -> None:
    """Each state is the one that the action was chosen in."""
    _require_states(scripted(case_seed), trials)


def _require_states(case: CollectCase, trials: CollectTrials, read: str = EXERCISE) -> None:
    outcome = trials.outcome(case)
    _require_steps(outcome, case)
    true = [step.state for step in outcome.trajectory.steps]
    got = outcome.states or ()
    if len(got) == len(true) and all(_same_state(g, t) for g, t in zip(got, true, strict=True)):
        return
    wrong = next(
        (t for t, (g, s) in enumerate(zip(got, true, strict=False)) if not _same_state(g, s)), 0
    )
    after = true[1:]
    shifted = len(got) == len(true) > 1 and all(
        _same_state(g, t) for g, t in zip(got[:-1], after, strict=True)
    )
    fail(
        case,
        "the stored states are those after the step."
        if shifted
        else f"the state stored at t={wrong} is not the one that the environment was in.",
        f"states[{wrong}] = {_show_state(got, wrong)}",
        f"states[{wrong}] = {_show_state(true, wrong)}",
        "at which moment of the round is `state` the one that the last step led to?",
        read,
    )


def _same_state(got: np.ndarray, true: np.ndarray) -> bool:
    return got.shape == true.shape and bool(np.all(np.abs(got - true) <= 1e-6))


def _show_state(states: Sequence[np.ndarray], index: int) -> str:
    if index >= len(states):
        return "nothing"
    state = np.atleast_1d(states[index])
    return numbers(state.ravel()) + ("" if state.ndim == 1 else f" of shape {state.shape}")


@check(ACTIONS, points=1, needs=[RUNS, STATES], beside=[NUMBERS])
def test_each_action_is_the_one_that_was_taken(trials: CollectTrials, case_seed: int) -> None:
    """Each stored action is the one that the environment was stepped with."""
    case = scripted(case_seed)
    _require_list("actions", case, trials.outcome(case), "which action did env.step receive?")


@check(REWARDS, points=3, needs=[RUNS, STATES])
def test_every_reward_is_stored_as_it_was_paid(trials: CollectTrials, case_seed: int) -> None:
    """Every reward is stored as it was paid."""
    case = scripted(case_seed)
    _require_list(
        "rewards", case, trials.outcome(case), "what did env.step return for this action?"
    )


@check(VALUE_TYPES, points=1, needs=[RUNS], beside=[NUMBERS])
def test_each_value_is_a_python_float(trials: CollectTrials, case_seed: int) -> None:
    """Each value is a Python float, without a graph."""
    case = scripted(case_seed)
    types = trials.outcome(case).value_types
    if types != ("float",):
        fail(
            case,
            "the values are not Python floats.",
            f"values hold: {', '.join(types) or 'nothing'}",
            "values hold: float",
            "how does a tensor with one element become a plain number?",
            FLOATS_AND_GRAPHS,
        )


@check(VALUES, points=3, needs=[RUNS, STATES])
def test_each_value_is_the_critics_estimate_of_its_state(
    trials: CollectTrials, case_seed: int
) -> None:
    """Each value is the critic's estimate of the state at that step."""
    case = scripted(case_seed)
    _require_list("values", case, trials.outcome(case), "whose output is it, and for which state?")


def _truth(name: str, outcome: CollectOutcome) -> tuple[float, ...]:
    steps = outcome.trajectory.steps
    return {
        "actions": tuple(float(step.action) for step in steps),
        "rewards": tuple(step.reward for step in steps),
        "values": outcome.true_values,
        "log_probs": outcome.true_log_probs,
    }[name]


def _require_list(name: str, case: CollectCase, outcome: CollectOutcome, think: str) -> None:
    _require_steps(outcome, case)
    got: tuple[float, ...] = getattr(outcome, name) or ()
    true = _truth(name, outcome)
    if same_numbers(got, true):
        return
    different = (
        t for t, (g, e) in enumerate(zip(got, true, strict=False)) if not same_number(g, e)
    )
    index = next(different, min(len(got), len(true)))
    last = len(true) > 1 and len(got) == len(true)
    if last and true[:-1] != true[1:] and same_numbers(got[:-1], true[1:]):
        cause = f"`{name}` are those of the next step."
    elif last and same_numbers(got[::-1], true):
        cause = f"`{name}` stand in reverse order."
    else:
        cause = f"`{name}` are not {WANTED[name]}, first at step t={index}."
    fail(case, cause, f"{name} = {numbers(got)}", f"{name} = {numbers(true)}", think)


@check(LOG_PROBS, points=4, needs=[RUNS, STATES, ACTIONS])
def test_each_log_prob_is_that_of_the_action_taken(trials: CollectTrials, case_seed: int) -> None:
    """Each log-probability is a scalar: that of the action taken, under the actor."""
    case = scripted(case_seed)
    outcome = trials.outcome(case)
    shapes = [kind for kind in outcome.log_prob_types if kind.startswith("Tensor of shape (1")]
    if shapes:
        fail(
            case,
            "the log-probabilities are not scalars.",
            f"log_probs hold: {', '.join(outcome.log_prob_types)}",
            "log_probs hold: Tensor of shape ()",
            "a batch of one state gives a batch of one: where does that dimension come from?",
        )
    _require_list(
        "log_probs",
        case,
        outcome,
        "is it the logarithm, of the action that was taken, in the state of that very step?",
    )


@check(LOG_PROB_GRAPH, points=3, needs=[RUNS, LEAVES_ALONE, LOG_PROBS])
def test_each_log_prob_keeps_its_graph_to_the_actor(trials: CollectTrials, case_seed: int) -> None:
    """Each log-probability keeps the graph that leads back to the actor."""
    case = scripted(case_seed)
    outcome = trials.outcome(case)
    if outcome.log_prob_types != ("Tensor of shape () with graph",):
        fail(
            case,
            "the log-probabilities have lost their graph, so the actor cannot learn from them.",
            f"log_probs hold: {', '.join(outcome.log_prob_types) or 'nothing'}",
            "log_probs hold: Tensor of shape () with graph",
            "which calls turn a tensor into one that no gradient flows through?",
            FLOATS_AND_GRAPHS,
        )
    _require_gradient(case, outcome)


def _require_gradient(case: CollectCase, outcome: CollectOutcome) -> None:
    if not same_arrays(outcome.log_prob_gradient, outcome.true_gradient):
        fail(
            case,
            "the log-probabilities send the wrong gradient to the actor.",
            "another gradient than that of log pi(a_t|s_t)",
            "the gradient of log pi(a_t|s_t) in the actor's weights",
            "is the graph the actor's own, unbroken, and made from a copy of this state?",
        )


@check(ENDS_TERMINATED, points=1, needs=[RUNS], beside=[NUMBERS])
def test_the_episode_ends_when_terminated(trials: CollectTrials, case_seed: int) -> None:
    """The episode ends when the environment says terminated."""
    _require_length(terminated(case_seed), trials)


@check(ENDS_TRUNCATED, points=2, needs=[RUNS], beside=[NUMBERS])
def test_the_episode_ends_when_truncated(trials: CollectTrials, case_seed: int) -> None:
    """The episode ends when the environment says truncated."""
    _require_length(truncated(case_seed), trials)


def _require_length(case: CollectCase, trials: CollectTrials) -> None:
    outcome = trials.outcome(case)
    true = len(case.rewards)
    got = len(outcome.rewards or ())
    if not got == len(outcome.trajectory.steps) == true:
        fail(
            case,
            f"the episode has {true} steps, and {got} were collected.",
            f"{got} rewards; the environment was stepped {len(outcome.trajectory.steps)} times",
            f"{true} rewards and {true} steps",
            "is the number of steps limited anywhere, or one step stored more than once?",
            END,
        )


@check("collect_episode/resets_once", points=1, needs=[RUNS], beside=[NUMBERS])
def test_the_environment_is_reset_once_without_a_seed(
    trials: CollectTrials, case_seed: int
) -> None:
    """The environment is reset once, without a seed."""
    case = scripted(case_seed)
    outcome = trials.outcome(case)
    _require_steps(outcome, case)
    trajectory = outcome.trajectory
    if trajectory.reset_seeds != (None,):
        seeds = [f"reset(seed={s})" if s is not None else "reset()" for s in trajectory.reset_seeds]
        fail(
            case,
            "the environment is to be reset exactly once, without a seed.",
            ", ".join(seeds) or "no reset at all",
            "reset()",
            "what would every episode look like if each began from the same seed?",
        )


@check(WHOLE, points=1, needs=[RUNS], beside=[NUMBERS])
def test_a_long_episode_is_played_to_its_end(trials: CollectTrials, case_seed: int) -> None:
    """A long episode is played to its end."""
    _require_length(long(case_seed), trials)


@check(
    "collect_episode/follows_the_policy",
    points=3,
    needs=[RUNS, LOG_PROBS, WHOLE],
    beside=[NUMBERS],
)
def test_actions_are_drawn_from_the_policy(trials: CollectTrials, case_seed: int) -> None:
    """Actions are drawn with the probabilities that the actor gives them."""
    case = fair(case_seed)
    first, second = trials.outcome(case).actions_of_plays
    if first == second:
        fail(
            case,
            "two episodes in a row take the same actions.",
            f"{len(first)} actions, the same in both episodes",
            "not the same again: a hundred fair coins repeat themselves once in 10^30 times",
            "are the random numbers new in each call?",
        )
    for case in (openings(case_seed), long(case_seed)):
        counts = count_actions(case, trials.outcome(case).actions_of_plays)
        for group, (unlikely, steps) in zip(case.groups, counts.of_groups, strict=True):
            _require_count(case, group, unlikely, steps)


def _require_count(case: CollectCase, group: Group, unlikely: int, steps: int) -> None:
    """The unlikely action came up about as often as its probability says."""
    low, high = acceptance(steps, group.unlikely, FALSE_ALARM / 3)
    if not low <= unlikely <= high:
        fail(
            case,
            "the actions are not drawn from the policy.",
            f"actions of probability {group.unlikely} were taken {unlikely} times in the {steps} "
            "steps in which there was one",
            f"about {group.unlikely * steps:.1f} times; {low} to {high} pass, and a collector that "
            f"follows the policy fails once in {1 / FALSE_ALARM:,.0f} times",
            "is each action, the first one too, sampled from the actor's probabilities, once?",
        )


@check("collect_episode/cartpole", points=2, needs=[*BASIC, ENDS_TERMINATED, ENDS_TRUNCATED])
def test_it_collects_from_real_cartpole(trials: CollectTrials, case_seed: int) -> None:
    """On real CartPole-v1, too, everything agrees with what happened."""
    # Six steps cannot end otherwise than by the limit: the pole takes longer to fall.
    for limit in (500, 6):
        case = cartpole(case_seed, limit)
        outcome = trials.outcome(case)
        if not outcome.trajectory.ended:
            fail(
                case,
                "the episode was left before its end.",
                f"{len(outcome.trajectory.steps)} steps, not ended",
                "an episode that ended",
            )
        _require_states(case, trials)
        for name in ("actions", "rewards", "log_probs", "values"):
            _require_list(name, case, outcome, "what differs from the scripted environment?")


@check("collect_episode/copies_states", points=1, needs=[RUNS, STATES])
def test_states_survive_an_environment_that_reuses_its_buffer(
    trials: CollectTrials, case_seed: int
) -> None:
    """States survive an environment that reuses one buffer for all observations."""
    case = reusing(case_seed)
    outcome = trials.outcome(case)
    _require_length(case, trials)
    _require_states(case, trials, COPY)
    for name in ("rewards", "values", "log_probs"):
        _require_list(name, case, outcome, "did the state change between its use and its storing?")
    _require_gradient(case, outcome)


@check("collect_episode/other_sizes", points=1, needs=BASIC)
def test_one_step_and_other_sizes_work(trials: CollectTrials, case_seed: int) -> None:
    """An episode of one step, with other numbers of components and actions, works too."""
    case = one_step(case_seed)
    outcome = trials.outcome(case)
    _require_length(case, trials)
    _require_states(case, trials)
    for name in ("actions", "rewards", "log_probs", "values"):
        _require_list(
            name, case, outcome, "is a size of CartPole written anywhere, or a reward rounded?"
        )
