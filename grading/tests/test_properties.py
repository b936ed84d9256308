"""In random cases too, the numbers are those of an oracle that shares no code with the course."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grading.cases import (
    CollectCase,
    Networks,
    StepCase,
    Weights,
    describe_episode,
    random_episode,
    random_networks,
)
from grading.compare import norm, same_arrays, same_number
from grading.oracle import expected_step, reference_solution
from grading.probes.collect import probe_collect
from grading.tests import slow_oracle
from grading.tests.slow_oracle import Network
from lesson import compute_returns
from tests import test_actor_critic_step, test_collect_episode

# Derandomized: the same tree gives the same cases, so that no build is red once and green when it
# is run again. To look further, derandomize=False and a larger max_examples.
thorough = settings(
    deadline=None, derandomize=True, database=None, print_blob=True, max_examples=150
)

ULP = 2.0**-24
"""What one operation in float32 loses at most, relative to its result."""
ROUNDING = 64 * ULP
"""What a result loses at most, relative to its terms (see slow_oracle). No number goes through more
than 64 operations on its way: sums of up to 6 for the state, twice 12 for the hidden layer, 5 for
the actions and 25 for the steps, and one each for product, square, mean and learning rate."""
KINK = 1e-4
"""Closer to 0 than this, a ReLU's input may have the other sign in float32, where it is off by up
to 1e-5; and the gradients on the two sides of 0 have nothing to do with each other."""
SPREAD = 12
"""Of the logits. The lesson clamps probabilities at 2**-23, about e**-16; the oracle does not."""
NOISE = 1.6e-6
"""How far apart honest implementations were found; see grading.compare."""

seeds = st.integers(0, 2**32 - 1)
some_rewards = st.integers(-20, 20).map(float) | st.floats(-20, 20)


@st.composite
def episode_rewards(draw, longest):
    length = draw(st.integers(1, longest))
    return draw(st.lists(some_rewards, min_size=length, max_size=length))


@st.composite
def some_networks(draw):
    return random_networks(
        np.random.default_rng(draw(seeds)),
        state_dim=draw(st.integers(1, 6)),
        n_actions=draw(st.integers(1, 5)),
        hidden_dim=draw(st.integers(1, 12)),
    )


@st.composite
def step_cases(draw):
    networks = draw(some_networks())
    rewards_of_calls = [draw(episode_rewards(25)) for _ in range(draw(st.integers(1, 2)))]
    rng = np.random.default_rng(draw(seeds))
    # Far enough for the change to stand out from the rounding of the weight that it is read off;
    # not so far that the second call meets a policy that is certain of everything.
    move = draw(st.floats(0.01, 0.1))
    returns = [np.abs(slow_oracle.discounted(rewards)) for rewards in rewards_of_calls]
    return StepCase(
        " and ".join(describe_episode(rewards) for rewards in rewards_of_calls),
        networks,
        tuple(random_episode(rng, networks, rewards) for rewards in rewards_of_calls),
        actor_lr=move / (1 + max(float(np.sum(one)) for one in returns)),
        critic_lr=move / (1 + max(float(np.max(one)) for one in returns)),
    )


@st.composite
def scripts(draw):
    networks = draw(some_networks())
    rewards = draw(episode_rewards(15))
    terminated, truncated = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
    rng = np.random.default_rng(draw(seeds))
    return CollectCase(
        describe_episode(rewards),
        networks,
        draw(st.integers(0, 1000)),
        rng.normal(size=(len(rewards) + 1, networks.state_dim)).astype(np.float32),
        tuple(rewards),
        terminated=terminated,
        truncated=truncated,
        reuse_buffer=draw(st.booleans()),
    )


@st.composite
def some_changes(draw):
    """Changes of a network's parameters, about as large as they are in the cases."""
    parameters = draw(some_networks()).actor
    size = draw(st.floats(0.01, 1))
    rng = np.random.default_rng(draw(seeds))
    return tuple((size * rng.normal(size=p.shape)).astype(np.float32) for p in parameters)


def plain(weights: Weights) -> Network:
    return Network(*(array.tolist() for array in weights))


def arrays(network: Network) -> list[np.ndarray]:
    return [
        np.array(network.hidden_weight),
        np.array(network.hidden_bias),
        np.array(network.output_weight),
        np.array(network.output_bias),
    ]


def moved(weights: Weights, delta: Weights) -> Weights:
    return tuple(w + d for w, d in zip(weights, delta, strict=True))


def assume_that_rounding_decides_nothing(networks: Networks, states: np.ndarray) -> None:
    for state in states.tolist():
        actor = slow_oracle.forward(plain(networks.actor), state)
        critic = slow_oracle.forward(plain(networks.critic), state)
        assume(all(abs(z) > KINK for z in actor.before_relu + critic.before_relu))
        assume(max(actor.outputs) - min(actor.outputs) < SPREAD)


def assert_close(got, expected, terms):
    assert abs(got - expected) <= ROUNDING * terms


def assert_gradient(got, expected, terms):
    for g, e, t in zip(got, arrays(expected), arrays(terms), strict=True):
        assert g.shape == e.shape
        assert np.max(np.abs(g - e) - ROUNDING * t) <= 0


def assert_descent(delta, weights, lr, gradient, terms):
    for d, w, g, t in zip(delta, weights, arrays(gradient), arrays(terms), strict=True):
        assert d.shape == g.shape
        # The new weight was rounded when it was stored, and the change when it was read off.
        stored = 2 * ULP * (np.abs(w) + np.abs(d))
        assert np.max(np.abs(d - -lr * g) - ROUNDING * lr * t - stored) <= 0


def collect(case):
    outcome = probe_collect(
        reference_solution(), case, "cpu", "collect_episode", "collect_episode_with_values"
    )
    assert outcome.raised is None
    assert outcome.log_prob_gradient is not None
    return outcome, [step.action for step in outcome.trajectory.steps]


@thorough
@given(step_cases())
def test_a_step_is_what_backpropagation_by_hand_makes_of_the_formulas(case):
    networks = case.networks
    calls = expected_step(case, "actor_critic_step", "actor_critic_step").calls
    for episode, call in zip(case.episodes, calls, strict=True):
        assume_that_rounding_decides_nothing(networks, episode.states)
        actor, critic = plain(networks.actor), plain(networks.critic)
        states, rewards = episode.states.tolist(), list(episode.rewards)
        step = slow_oracle.step(actor, critic, states, list(episode.actions), rewards)
        terms = slow_oracle.step_terms(actor, critic, states, rewards)
        assert_close(call.losses[0], step.actor_loss, terms.actor_loss)
        assert_close(call.losses[1], step.critic_loss, terms.critic_loss)
        assert_descent(
            call.actor_delta,
            networks.actor,
            case.actor_lr,
            step.actor_gradient,
            terms.actor_gradient,
        )
        assert_descent(
            call.critic_delta,
            networks.critic,
            case.critic_lr,
            step.critic_gradient,
            terms.critic_gradient,
        )
        # From where this call left the weights: the next one answers for its own rounding only.
        networks = Networks(
            actor=moved(networks.actor, call.actor_delta),
            critic=moved(networks.critic, call.critic_delta),
        )


@thorough
@given(scripts())
def test_a_collected_episode_is_the_script_as_the_networks_see_it(case):
    outcome, taken = collect(case)
    steps = len(case.rewards)
    assert outcome.lengths == (steps,) * 5
    assert outcome.trajectory.reset_seeds == (None,)
    assert np.array_equal(outcome.states, case.observations[:steps])
    assert list(outcome.actions) == taken
    assert all(0 <= action < case.networks.n_actions for action in taken)
    assert outcome.rewards == case.rewards
    actor, critic = plain(case.networks.actor), plain(case.networks.critic)
    for t, state in enumerate(case.observations[:steps].tolist()):
        value = slow_oracle.value(critic, state)
        log_prob = slow_oracle.log_prob(actor, state, taken[t])
        for values in (outcome.values, outcome.true_values):
            assert_close(values[t], value, slow_oracle.value_terms(critic, state))
        for log_probs in (outcome.log_probs, outcome.true_log_probs):
            assert_close(log_probs[t], log_prob, slow_oracle.log_prob_terms(actor, state))


@thorough
@given(scripts())
def test_the_log_probs_of_a_collected_episode_lead_back_to_the_actor(case):
    """By the gradient of the sum of (t + 1) * log_prob_t, which the probe takes."""
    states = case.observations[:-1]
    assume_that_rounding_decides_nothing(case.networks, states)
    outcome, taken = collect(case)
    actor, weights = plain(case.networks.actor), [float(t + 1) for t in range(len(taken))]
    gradient = slow_oracle.log_prob_gradient(actor, states.tolist(), taken, weights)
    terms = slow_oracle.log_prob_gradient_terms(actor, states.tolist(), weights)
    assert_gradient(outcome.log_prob_gradient, gradient, terms)
    assert_gradient(outcome.true_gradient, gradient, terms)


@thorough
@given(st.lists(st.floats(-1e12, 1e12), max_size=25), st.floats(0, 1))
def test_returns_are_the_double_sum_of_the_definition(rewards, gamma):
    returns = compute_returns(rewards, gamma)
    expected = slow_oracle.discounted(rewards, gamma)
    terms = slow_oracle.discounted_terms(rewards, gamma)
    for got, number, term in zip(returns, expected, terms, strict=True):
        # Fewer than 100 products and sums on both sides, and 1e-300 for powers that underflow.
        assert abs(got - number) <= 100 * 2.0**-53 * term + 1e-300


@thorough
@given(st.floats(-1e4, 1e4), st.floats(-NOISE, NOISE))
def test_a_number_may_be_off_by_rounding(number, off):
    assert same_number(float(np.float32(number * (1 + off))), number)


@thorough
@given(st.floats(1e-3, 1e4), st.sampled_from([-1, 1]), st.sampled_from([0.99, 1.01]))
def test_a_number_may_not_be_off_by_one_percent(size, sign, factor):
    """From 1e-3 up: below 1e-4, one percent is less than the 1e-6 that is always allowed."""
    assert not same_number(sign * size * factor, sign * size)


@thorough
@given(some_changes(), seeds)
def test_changes_may_be_off_by_rounding(changes, seed):
    """That of the gradient, and that of the weights of order 1 that the changes are read off."""
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(-1, 1, c.shape).astype(np.float32) for c in changes]
    noisy = [(c * (1 + rng.uniform(-NOISE, NOISE, c.shape))).astype(np.float32) for c in changes]
    got = [w + n - w for w, n in zip(weights, noisy, strict=True)]
    assert same_arrays(got, changes)


@thorough
@given(some_changes(), st.integers(0, 3), st.sampled_from([0.99, 1.01]))
def test_no_array_may_be_off_by_one_percent(changes, index, factor):
    """None that counts, that is: what is less than 1e-4 of the whole is let through as rounding."""
    assume(norm([changes[index]]) > max(norm(changes) / 50, 1e-3))
    wrong = list(changes)
    wrong[index] = wrong[index] * np.float32(factor)
    assert not same_arrays(wrong, changes)


# -- the cases of the checks


def spread(networks, states):
    """The largest difference of two logits in any of the states."""
    hidden_weight, hidden_bias, weight, bias = networks.actor
    hidden = np.maximum(states @ hidden_weight.T + hidden_bias, 0)
    return float(np.ptp(hidden @ weight.T + bias, axis=-1).max())


@pytest.mark.parametrize("seed", range(100))
def test_no_policy_of_a_case_is_so_sure_that_its_logarithms_are_a_matter_of_rounding(seed):
    found = {}
    for case in (*test_actor_critic_step.evidence(seed), *test_collect_episode.evidence(seed)):
        if isinstance(case, StepCase):
            states = np.concatenate([episode.states for episode in case.episodes])
        else:
            states = case.observations
        if states is not None:
            found[case.description] = spread(case.networks, states)
    assert {words: found[words] for words in found if found[words] > SPREAD} == {}
