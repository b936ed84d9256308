"""A slow oracle: the lesson's formulas in loops over plain floats.

It imports nothing of the course, no torch and no numpy: what agrees with it was written twice.

Its floats have 53 bits, those of the networks 24. What rounding may lose does not depend on a
result, which can be small because large numbers cancelled, but on its *terms*: the same sum with
every term made positive. So each function has a twin that gives the terms.
"""

from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

GAMMA = 0.99


@dataclass(frozen=True)
class Network:
    """Two layers with a ReLU in between; its gradient has the same shape."""

    hidden_weight: list[list[float]]
    hidden_bias: list[float]
    output_weight: list[list[float]]
    output_bias: list[float]


class Pass(NamedTuple):
    """One state on its way through a network."""

    state: list[float]
    before_relu: list[float]
    hidden: list[float]
    outputs: list[float]


class Step(NamedTuple):
    """What one step of actor and critic computes."""

    actor_loss: float
    critic_loss: float
    actor_gradient: Network
    critic_gradient: Network


def forward(network: Network, state: list[float]) -> Pass:
    before_relu = _layer(network.hidden_weight, network.hidden_bias, state)
    hidden = [z if z > 0 else 0.0 for z in before_relu]
    outputs = _layer(network.output_weight, network.output_bias, hidden)
    return Pass(state, before_relu, hidden, outputs)


def forward_terms(network: Network, state: list[float]) -> Pass:
    return forward(_positive(network), [abs(x) for x in state])


def backward(network: Network, passes: list[Pass], slopes: list[list[float]]) -> Network:
    """The gradient of a loss whose slope in output k of pass t is slopes[t][k]."""
    total = Network(
        [[0.0 for _ in row] for row in network.hidden_weight],
        [0.0 for _ in network.hidden_bias],
        [[0.0 for _ in row] for row in network.output_weight],
        [0.0 for _ in network.output_bias],
    )
    for one, slope in zip(passes, slopes, strict=True):
        for k in range(len(slope)):
            total.output_bias[k] += slope[k]
            for j in range(len(one.hidden)):
                total.output_weight[k][j] += slope[k] * one.hidden[j]
        for j in range(len(one.hidden)):
            if one.before_relu[j] <= 0:
                continue
            back = 0.0
            for k in range(len(slope)):
                back += slope[k] * network.output_weight[k][j]
            total.hidden_bias[j] += back
            for i in range(len(one.state)):
                total.hidden_weight[j][i] += back * one.state[i]
    return total


def softmax(outputs: list[float]) -> list[float]:
    powers = [exp(z - max(outputs)) for z in outputs]
    return [power / sum(powers) for power in powers]


def discounted(rewards: list[float], gamma: float = GAMMA) -> list[float]:
    """G_t, the sum over k of gamma^k * r_{t+k}."""
    returns = []
    for t in range(len(rewards)):
        total = 0.0
        for k in range(len(rewards) - t):
            total += gamma**k * rewards[t + k]
        returns.append(total)
    return returns


def discounted_terms(rewards: list[float], gamma: float = GAMMA) -> list[float]:
    return discounted([abs(reward) for reward in rewards], gamma)


def value(critic: Network, state: list[float]) -> float:
    return forward(critic, state).outputs[0]


def value_terms(critic: Network, state: list[float]) -> float:
    return forward_terms(critic, state).outputs[0]


def log_prob(actor: Network, state: list[float], action: int) -> float:
    return log(softmax(forward(actor, state).outputs)[action])


def log_prob_terms(actor: Network, state: list[float]) -> float:
    """Of every action: a difference of two logits, and 2 for exponential, sum and logarithm."""
    return 2 * (1 + max(forward_terms(actor, state).outputs))


def log_prob_gradient(
    actor: Network, states: list[list[float]], actions: list[int], weights: list[float]
) -> Network:
    """The gradient of the sum over t of weight_t * log pi(a_t|s_t)."""
    passes = [forward(actor, state) for state in states]
    slopes = []
    for one, action, weight in zip(passes, actions, weights, strict=True):
        # log pi(a) = z_a - log(sum over k of exp(z_k)): its slope in z_k is [k = a] - pi(k).
        slopes.append(
            [weight * ((k == action) - p) for k, p in enumerate(softmax(one.outputs))],
        )
    return backward(actor, passes, slopes)


def log_prob_gradient_terms(
    actor: Network, states: list[list[float]], weights: list[float]
) -> Network:
    """A probability, and so the slope in a logit, is as uncertain as its logarithm at most."""
    passes = [forward_terms(actor, state) for state in states]
    slopes = []
    for state, weight in zip(states, weights, strict=True):
        slopes.append([abs(weight) * log_prob_terms(actor, state) for _ in actor.output_bias])
    return backward(_positive(actor), passes, slopes)


def step(
    actor: Network,
    critic: Network,
    states: list[list[float]],
    actions: list[int],
    rewards: list[float],
) -> Step:
    """The losses of one episode, and their gradients."""
    steps = len(rewards)
    returns = discounted(rewards)
    passes = [forward(critic, state) for state in states]
    advantages = [returns[t] - passes[t].outputs[0] for t in range(steps)]
    actor_loss = critic_loss = 0.0
    for t in range(steps):
        actor_loss -= log_prob(actor, states[t], actions[t]) * advantages[t]
        critic_loss += advantages[t] ** 2 / steps
    return Step(
        actor_loss,
        critic_loss,
        log_prob_gradient(actor, states, actions, [-advantage for advantage in advantages]),
        backward(critic, passes, [[-2 * advantage / steps] for advantage in advantages]),
    )


def step_terms(
    actor: Network, critic: Network, states: list[list[float]], rewards: list[float]
) -> Step:
    steps = len(rewards)
    returns = discounted_terms(rewards)
    passes = [forward_terms(critic, state) for state in states]
    advantages = [returns[t] + passes[t].outputs[0] for t in range(steps)]
    actor_loss = critic_loss = 0.0
    for t in range(steps):
        actor_loss += log_prob_terms(actor, states[t]) * advantages[t]
        critic_loss += advantages[t] ** 2 / steps
    return Step(
        actor_loss,
        critic_loss,
        log_prob_gradient_terms(actor, states, advantages),
        backward(_positive(critic), passes, [[2 * advantage / steps] for advantage in advantages]),
    )


def _layer(weight: list[list[float]], bias: list[float], inputs: list[float]) -> list[float]:
    outputs = []
    for j in range(len(bias)):
        total = bias[j]
        for i in range(len(inputs)):
            total += weight[j][i] * inputs[i]
        outputs.append(total)
    return outputs


def _positive(network: Network) -> Network:
    return Network(
        [[abs(w) for w in row] for row in network.hidden_weight],
        [abs(b) for b in network.hidden_bias],
        [[abs(w) for w in row] for row in network.output_weight],
        [abs(b) for b in network.output_bias],
    )
