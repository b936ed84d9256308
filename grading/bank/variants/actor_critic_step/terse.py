"""As few lines as reasonable; gives a list."""

import numpy as np
import torch

from lesson import compute_returns


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    p = next(critic.parameters())
    G, V = p.new_tensor(compute_returns(rewards)), critic(p.new_tensor(np.array(states)))
    d = G - V
    losses = [-(torch.stack([*log_probs]) @ d.detach()), d.square().mean()]
    for L, opt in zip(losses, (actor_optimizer, critic_optimizer), strict=True):
        opt.zero_grad(), L.backward(), opt.step()
    return [L.item() for L in losses]
