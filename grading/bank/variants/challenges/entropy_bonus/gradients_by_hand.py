"""torch.autograd.grad, and .grad set by hand."""

import numpy as np
import torch

from lesson import compute_returns


def descend(network, optimizer, loss):
    parameters = list(network.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
        parameter.grad = gradient
    optimizer.step()


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=0.01
):
    device = next(critic.parameters()).device
    R = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    X = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    V = critic(X)
    P = actor(X)
    H = -torch.einsum("ta,ta->t", P, P.clamp_min(1e-10).log())
    actor_loss = -((R - V.detach()) @ torch.stack(list(log_probs))) - beta * H.sum()
    critic_loss = ((V - R) ** 2).sum() / len(rewards)
    descend(actor, actor_optimizer, actor_loss)
    descend(critic, critic_optimizer, critic_loss)
    return actor_loss.item(), critic_loss.item()
