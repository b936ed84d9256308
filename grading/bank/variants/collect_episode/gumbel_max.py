"""The Gumbel-max trick: argmax of log-probabilities plus noise."""

import numpy as np
import torch


def collect_episode_with_values(env, actor, critic):
    """argmax_a [log pi(a|s) + g_a] with g_a ~ Gumbel(0, 1) is a sample from pi(.|s)."""
    where = next(actor.parameters()).device
    states, actions, rewards, log_probs, values = [], [], [], [], []

    s, _ = env.reset()
    alive = True
    while alive:
        s_now = np.copy(s)
        s_t = torch.tensor(s_now, dtype=torch.float32, device=where)

        p = actor(s_t)
        # -log(E) is Gumbel distributed when E is Exp(1)
        noise = -torch.empty_like(p).exponential_().log()
        a = int(torch.argmax(p.detach().log() + noise))

        s, r, terminated, truncated, _ = env.step(a)
        alive = not (terminated or truncated)

        states += [s_now]
        actions += [a]
        rewards += [float(r)]
        log_probs += [torch.log(p[a])]
        values += [float(critic(s_t).detach())]

    return states, actions, rewards, log_probs, values
