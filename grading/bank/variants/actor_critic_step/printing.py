"""Prints what it is doing."""

import torch

from lesson import compute_returns


def show(name, tensor):
    print(f"{name:<12} shape={tuple(tensor.shape)} mean={tensor.mean().item():+.4f}")


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    print("=" * 20, "UPDATE", "=" * 20)
    print("steps:", len(rewards), "total reward:", sum(rewards))
    device = next(critic.parameters()).device

    G = torch.tensor(compute_returns(rewards)).to(device)
    show("returns", G)

    x = torch.stack([torch.tensor(s).float() for s in states]).to(device)
    V = critic(x)
    show("values", V)

    adv = G - V.detach()
    show("advantages", adv)

    logp = torch.stack(list(log_probs))
    show("log probs", logp)

    loss_pi = -(logp * adv).sum()
    loss_v = ((V - G) ** 2).mean()
    print("policy loss", loss_pi.item())
    print("value loss ", loss_v.item())

    actor_optimizer.zero_grad()
    loss_pi.backward()
    print("actor |grad|", [round(p.grad.norm().item(), 3) for p in actor.parameters()])
    actor_optimizer.step()

    critic_optimizer.zero_grad()
    loss_v.backward()
    print("critic |grad|", [round(p.grad.norm().item(), 3) for p in critic.parameters()])
    critic_optimizer.step()
    print()

    return loss_pi.item(), loss_v.item()
