"""In the manner of TensorFlow: compute the gradients, then apply them."""

import numpy as np
import torch

from lesson import compute_returns


def gradient(loss, variables):
    # ~ tape.gradient(loss, model.trainable_variables)
    return torch.autograd.grad(loss, variables)


def apply_gradients(optimizer, grads_and_vars):
    # ~ optimizer.apply_gradients(zip(grads, vars))
    for grad, var in grads_and_vars:
        var.grad = grad
    optimizer.step()


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    actor_variables = list(actor.parameters())
    critic_variables = list(critic.parameters())
    device = critic_variables[0].device

    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    batch = torch.tensor(np.stack(states), dtype=torch.float32, device=device)

    values = critic(batch)
    advantages = returns - values.detach()  # tf.stop_gradient

    actor_loss = -torch.sum(torch.mul(torch.stack(list(log_probs)), advantages))
    critic_loss = torch.mean(torch.square(returns - values))

    # .grad is replaced and not added to, so there is nothing to clear
    actor_gradients = gradient(actor_loss, actor_variables)
    critic_gradients = gradient(critic_loss, critic_variables)
    apply_gradients(actor_optimizer, zip(actor_gradients, actor_variables, strict=True))
    apply_gradients(critic_optimizer, zip(critic_gradients, critic_variables, strict=True))

    return float(actor_loss), float(critic_loss)
