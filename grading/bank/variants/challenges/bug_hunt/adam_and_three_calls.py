"""Adam with a large epsilon, which lets it see how long a gradient is, and three episodes."""

from copy import deepcopy

import numpy as np
import torch
from torch.optim import Adam

from lesson import Actor, Critic, compute_returns


def is_correct(step):
    torch.manual_seed(0)
    actor, critic = Actor(4, 2, 32), Critic(4, 32)
    a, c = deepcopy(actor), deepcopy(critic)
    theirs, ours = (
        tuple(Adam(net.parameters(), lr=0.02, eps=1.0) for net in pair)
        for pair in ((actor, critic), (a, c))
    )
    for number in range(3):
        length = 4 + number
        s = torch.randn(length, 4)
        rewards = (3 * torch.randn(length)).tolist()
        probs = actor(s)
        actions = torch.multinomial(probs.detach(), 1)
        log_probs = list(probs.gather(1, actions).log()[:, 0])

        g = torch.tensor(compute_returns(rewards))
        v = c(s)
        losses = (
            -((a(s).gather(1, actions).log()[:, 0]) * (g - v.detach())).sum(),
            ((g - v) ** 2).mean(),
        )
        for loss, optimizer in zip(losses, ours):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        try:
            got = step(actor, critic, *theirs, list(s.numpy()), log_probs, rewards)
            if [isinstance(x, float) for x in got] != [True, True]:
                return False
        except Exception:
            return False
        if not np.allclose(got, [loss.item() for loss in losses], rtol=0.005, atol=0.001):
            return False
        mine = torch.cat([p.flatten() for n in (a, c) for p in n.parameters()])
        other = torch.cat([p.flatten() for n in (actor, critic) for p in n.parameters()])
        if (mine - other).abs().max() > 0.001:
            return False
    return True
