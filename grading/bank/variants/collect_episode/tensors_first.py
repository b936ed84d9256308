"""Thinks in tensors: clones them on the way and makes arrays at the end."""

import torch
from torch import nn


def _observe(raw, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(raw).clone().to(device, torch.float32)


def collect_episode_with_values(env, actor: nn.Module, critic: nn.Module):
    """Returns (states, actions, rewards, log_probs, values), each a list of length T."""
    device = next(actor.parameters()).device
    seen, chosen, log_probs, paid = [], [], [], []

    raw, _ = env.reset()
    terminated, truncated = False, False
    while not (terminated or truncated):
        x = _observe(raw, device)
        probs = actor(x)
        index = torch.multinomial(probs.detach(), 1)
        raw, reward, terminated, truncated, _ = env.step(index.item())

        seen.append(x)
        chosen.append(index)
        log_probs.append(probs[index].log().squeeze(0))  # (1,) -> ()
        paid.append(reward)

    with torch.no_grad():
        values = critic(torch.stack(seen)).tolist()

    states = [x.cpu().numpy().copy() for x in seen]
    actions = torch.cat(chosen).tolist()
    rewards = [float(reward) for reward in paid]
    return states, actions, rewards, log_probs, values
