"""A loop over the steps of the episode."""

import torch

from lesson import compute_returns


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=0.01
):
    device = next(actor.parameters()).device
    returns = compute_returns(rewards)

    actor_loss = 0.0
    critic_loss = 0.0
    for t in range(len(rewards)):
        state = torch.as_tensor(states[t], dtype=torch.float32, device=device)
        value = critic(state)
        advantage = returns[t] - value.item()
        entropy = torch.distributions.Categorical(actor(state)).entropy()
        actor_loss = actor_loss - log_probs[t] * advantage - beta * entropy
        critic_loss = critic_loss + (returns[t] - value) ** 2 / len(rewards)

    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()

    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()

    return float(actor_loss), float(critic_loss)
