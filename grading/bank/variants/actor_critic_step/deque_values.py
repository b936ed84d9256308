"""Returns pushed on the left of a deque; the critic is asked state by state."""

from collections import deque

import torch

from lesson import GAMMA


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    n_steps = len(rewards)
    device = next(actor.parameters()).device

    returns = deque(maxlen=n_steps)
    for t in reversed(range(n_steps)):
        disc_return_t = returns[0] if len(returns) > 0 else 0
        returns.appendleft(GAMMA * disc_return_t + rewards[t])
    returns = torch.tensor(returns, dtype=torch.float32, device=device)

    values = []
    for state in states:
        state = torch.from_numpy(state).float().unsqueeze(0).to(device)
        values.append(critic(state).squeeze(0))
    values = torch.stack(values)

    policy_loss = []
    for log_prob, disc_return, value in zip(log_probs, returns, values, strict=True):
        policy_loss.append(-log_prob * (disc_return - value.item()))
    policy_loss = torch.stack(policy_loss).sum()
    value_loss = (returns - values).pow(2).mean()

    actor_optimizer.zero_grad()
    policy_loss.backward()
    actor_optimizer.step()

    critic_optimizer.zero_grad()
    value_loss.backward()
    critic_optimizer.step()

    return policy_loss.item(), value_loss.item()
