"""Loops over every step, one value and one loss term at a time."""

import torch

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    # where do the weights live?
    device = next(critic.parameters()).device

    # what each step was really worth
    returns = compute_returns(rewards)

    # add things up step by step
    actor_loss = 0
    critic_loss = 0
    for i in range(len(rewards)):
        state = torch.tensor(states[i], dtype=torch.float32).to(device)
        value = critic(state)

        # .item() makes it a normal number, so the actor can't change the critic
        advantage = returns[i] - value.item()

        actor_loss = actor_loss + (-log_probs[i] * advantage)
        critic_loss = critic_loss + (returns[i] - value) ** 2

    # critic uses the average
    critic_loss = critic_loss / len(rewards)

    # actor
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()

    # critic
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()

    return actor_loss.item(), critic_loss.item()
