"""The logits are taken out of the actor, and log_softmax does the rest."""

import numpy as np
import torch
import torch.nn.functional as F

from lesson import compute_returns


def entropy_regularised_step(
    actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards, beta=0.01
):
    device = next(critic.parameters()).device
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
    batch = torch.from_numpy(np.asarray(states, dtype=np.float32)).to(device)
    values = critic(batch)

    logits = actor.output(F.relu(actor.hidden(batch)))
    log_p = F.log_softmax(logits, dim=-1)
    entropy = -(log_p.exp() * log_p).sum()

    actor_loss = -sum(lp * a for lp, a in zip(log_probs, (returns - values.detach())))
    actor_loss = actor_loss - beta * entropy
    critic_loss = F.mse_loss(values, returns)

    actor_optimizer.zero_grad()
    critic_optimizer.zero_grad()
    actor_loss.backward()
    critic_loss.backward()
    actor_optimizer.step()
    critic_optimizer.step()
    return actor_loss.item(), critic_loss.item()
