"""All by hand, in numpy: softmax, gradients and updates; torch only makes the networks."""

import numpy as np
import torch

from lesson import Actor, Critic, compute_returns

RATE = 0.1


def weights_of(network):
    return [p.detach().numpy().astype(np.float64) for p in network.parameters()]


def forward(weights, states):
    w1, b1, w2, b2 = weights
    inner = states @ w1.T + b1
    return inner, np.maximum(inner, 0) @ w2.T + b2


def descended(weights, states, inner, slope):
    """One step of gradient descent; slope is the loss by the outputs, (T, outputs)."""
    w1, b1, w2, b2 = weights
    back = (slope @ w2) * (inner > 0)
    gradients = back.T @ states, back.sum(0), slope.T @ np.maximum(inner, 0), slope.sum(0)
    return [w - RATE * g for w, g in zip(weights, gradients)]


def right(actor, critic, states, actions, rewards):
    returns = np.array(compute_returns(rewards))
    inner, values = forward(critic, states)
    errors = values[:, 0] - returns
    critic_after = descended(critic, states, inner, (2 * errors / len(returns))[:, None])
    inner, logits = forward(actor, states)
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    advantages = returns - values[:, 0]
    slope = (probs - np.eye(probs.shape[1])[actions]) * advantages[:, None]
    actor_after = descended(actor, states, inner, slope)
    taken = np.log(probs[np.arange(len(actions)), actions])
    return (-(taken * advantages).sum(), (errors**2).mean()), actor_after, critic_after


def is_correct(step):
    torch.manual_seed(11)
    actor, critic = Actor(5, 3, 12), Critic(5, 12)
    optimizers = [torch.optim.SGD(n.parameters(), lr=RATE) for n in (actor, critic)]
    rng = np.random.default_rng(11)
    for rewards in ([0.5, -1.0, -2.0, 3.0, 0.25], [-1.0, 2.0, 2.0]):
        states = rng.normal(size=(len(rewards), 5)).astype(np.float32)
        actions = rng.integers(3, size=len(rewards))
        log_probs = [actor(torch.from_numpy(s))[a].log() for s, a in zip(states, actions)]
        losses, *after = right(weights_of(actor), weights_of(critic), states, actions, rewards)
        try:
            got = step(actor, critic, *optimizers, [*states], log_probs, rewards)
            first, second = got
        except Exception:
            return False
        if not (isinstance(first, float) and isinstance(second, float)):
            return False
        pairs = [(first, losses[0]), (second, losses[1])]
        pairs += [
            pair
            for network, expected in zip((actor, critic), after)
            for pair in zip(weights_of(network), expected)
        ]
        if not all(np.allclose(a, b, rtol=2e-3, atol=2e-4) for a, b in pairs):
            return False
    return True
