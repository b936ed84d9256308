"""Short names, `while True`, and a break at the end of the episode."""

import torch


def collect_episode_with_values(env, actor, critic):
    ss, aa, rr, ll, vv = [], [], [], [], []
    dev = next(actor.parameters()).device
    s = env.reset()[0].copy()
    while True:
        x = torch.tensor(s, dtype=torch.float32, device=dev)
        a, l_p = actor.sample_action(x)
        v = critic(x).detach().cpu().numpy().item()
        s2, r, term, trunc, _ = env.step(a)
        ss.append(s), aa.append(a), rr.append(float(r)), ll.append(l_p), vv.append(v)
        if term or trunc:
            break
        s = s2.copy()
    return ss, aa, rr, ll, vv
