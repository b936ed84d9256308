"""Each optimizer steps with a closure that computes its loss."""

import numpy as np
import torch

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    device = next(critic.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    states_tensor = torch.tensor(np.array(states), dtype=torch.float32, device=device)
    values = critic(states_tensor)

    def actor_closure():
        actor_optimizer.zero_grad()
        advantages = returns - values.detach()
        loss = -torch.inner(torch.stack(list(log_probs)), advantages)
        loss.backward()
        return loss

    def critic_closure():
        critic_optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(values, returns)
        loss.backward()
        return loss

    # step() hands back what the closure returned
    actor_loss = actor_optimizer.step(actor_closure)
    critic_loss = critic_optimizer.step(critic_closure)
    return float(actor_loss), float(critic_loss)
