"""Leaves clean gradients behind instead of cleaning up first."""

import torch

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    device = next(critic.parameters()).device
    try:
        G = torch.tensor(compute_returns(rewards), dtype=torch.float32, device=device)
        X = torch.stack([torch.from_numpy(s).to(device, torch.float32) for s in states])
        V = critic(X)
        A = G - V.detach()

        # fresh networks have no gradients, and every call takes its own away again
        actor_loss = (-torch.stack(list(log_probs)) * A).sum(dim=0)
        actor_loss.backward()
        actor_optimizer.step()

        critic_loss = (V - G).square().mean(dim=0)
        critic_loss.backward()
        critic_optimizer.step()

        return actor_loss.item(), critic_loss.item()
    finally:
        actor_optimizer.zero_grad()
        critic_optimizer.zero_grad()
