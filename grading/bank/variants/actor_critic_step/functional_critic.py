"""Pure functions in the manner of JAX: gradients are values, then assigned."""

import numpy as np
import torch
from torch.func import functional_call, grad_and_value

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    phi = {name: p.detach() for name, p in critic.named_parameters()}
    device = next(iter(phi.values())).device
    G = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    S = torch.tensor(np.array(states), dtype=torch.float32, device=device)

    def value_fn(params, obs):
        return functional_call(critic, params, (obs,))

    def critic_loss_fn(params):
        return ((G - value_fn(params, S)) ** 2).mean()

    critic_grads, critic_loss = grad_and_value(critic_loss_fn)(phi)

    # phi holds plain numbers, so these values are constants already
    advantages = G - value_fn(phi, S)

    # the actor's loss is a vector-Jacobian product: d(-log_prob . A)/d theta
    theta = [p for group in actor_optimizer.param_groups for p in group["params"]]
    log_pi = torch.stack(list(log_probs))
    actor_grads = torch.autograd.grad(log_pi, theta, grad_outputs=-advantages)
    actor_loss = -(log_pi.detach() * advantages).sum()

    for p, g in zip(theta, actor_grads, strict=True):
        p.grad = g
    for name, p in critic.named_parameters():
        p.grad = critic_grads[name]
    actor_optimizer.step()
    critic_optimizer.step()

    return actor_loss.item(), critic_loss.item()
