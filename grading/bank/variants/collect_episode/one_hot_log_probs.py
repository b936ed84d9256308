"""Log-probability of the action taken by way of a one-hot vector."""

import numpy as np
import torch
import torch.nn.functional as F


def collect_episode_with_values(env, actor, critic):
    """Roll the policy out once and print how it went."""
    device = next(actor.parameters()).device
    rows = []

    obs, _ = env.reset()
    while True:
        x = np.float32(obs).copy()
        xt = torch.from_numpy(x.copy()).to(device)

        probs = actor(xt)
        # torch draws k times at once if asked; one is enough here
        a = torch.multinomial(probs.detach(), 1)[0]
        one_hot = F.one_hot(a, num_classes=probs.shape[-1]).to(probs.dtype)
        # multiply first, then log: log(0) of an action not taken would spoil the sum
        log_pi = (one_hot * probs).sum().log()

        v = float(critic(xt).detach().cpu())

        obs, r, term, trunc, _ = env.step(int(a.cpu().numpy()))
        rows.append([x, int(a), float(r), log_pi, v])
        if term or trunc:
            break

    print(f"episode: {len(rows)} steps, reward {sum(row[2] for row in rows):.1f}")
    s, a, r, lp, v = [[row[i] for row in rows] for i in range(5)]
    return s, a, r, lp, v
