"""Extra keyword arguments with defaults that keep the usual meaning."""

import numpy as np
import torch
import torch.nn.functional as F

import lesson


def actor_critic_step(
    actor,
    critic,
    actor_optimizer,
    critic_optimizer,
    states,
    log_probs,
    rewards,
    gamma=lesson.GAMMA,
    critic_loss_fn=F.mse_loss,
    *,
    dtype=torch.float32,
    device=None,
    verbose=False,
):
    """One update.

    :param gamma: the discount, the lesson's own unless you say otherwise
    :param critic_loss_fn: called with (values, returns)
    :param dtype: of the tensors made here
    :param device: where to compute, by default where the actor is
    :param verbose: print the two losses
    """
    if device is None:
        device = next(actor.parameters()).device

    targets = torch.as_tensor(lesson.compute_returns(rewards, gamma), dtype=dtype, device=device)
    inputs = torch.as_tensor(np.array(states), dtype=dtype, device=device)

    baseline = critic(inputs)
    with torch.no_grad():
        weight = targets - baseline

    policy_loss = torch.stack(list(log_probs)).mul(weight).sum().mul(-1)
    value_loss = critic_loss_fn(baseline, targets)
    result = (policy_loss.item(), value_loss.item())
    if verbose:
        print("policy %.4f value %.4f" % result)

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    value_loss.backward()
    policy_loss.backward()
    critic_optimizer.step()
    actor_optimizer.step()
    return result
