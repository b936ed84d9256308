"""Buffers allocated in advance, and one small backward for each step."""

import torch

from lesson import GAMMA


def actor_critic_step(
    actor,
    critic,
    actor_optimizer,
    critic_optimizer,
    states,
    log_probs,
    rewards,
):
    n = len(rewards)
    dev = next(critic.parameters()).device
    G = [0.0] * n
    S = torch.zeros((n, len(states[0])), dtype=torch.float32, device=dev)
    loss_a = 0.0
    loss_c = 0.0

    # fill the buffers, back to front
    g = 0.0
    t = n - 1
    while t >= 0:
        g = rewards[t] + GAMMA * g
        G[t] = g
        S[t] = torch.as_tensor(states[t], dtype=torch.float32)
        t -= 1

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()

    # The gradient of a sum is the sum of the gradients: .grad collects them.
    # retain_graph, because the log-probs of two steps may share a graph.
    for t in range(n):
        v = critic(S[t])
        term = -log_probs[t] * (G[t] - v.item())
        term.backward(retain_graph=True)
        loss_a += term.item()

        err = (v - G[t]) * (v - G[t]) / n
        err.backward()
        loss_c += err.item()

    actor_optimizer.step()
    critic_optimizer.step()

    return loss_a, loss_c
