"""torch.searchsorted in the cumulative sum of the probabilities."""

import torch
from torch import Tensor


def _searchsorted_sample(probs: Tensor) -> Tensor:
    cdf = probs.detach().double().cumsum(dim=-1)
    u = torch.rand(1, dtype=cdf.dtype, device=cdf.device) * cdf[-1]
    # right=True: an action whose probability is zero is never hit
    return torch.searchsorted(cdf, u, right=True).clamp(max=probs.numel() - 1).squeeze()


def collect_episode_with_values(env, actor, critic) -> tuple[list, list, list, list, list]:
    device = next(actor.parameters()).device
    traj: dict[str, list] = {"s": [], "a": [], "r": [], "logp": [], "v": []}

    obs, _info = env.reset()
    stop = False
    while not stop:
        traj["s"].append(obs.copy())
        obs_t = torch.as_tensor(traj["s"][-1], dtype=torch.float32, device=device)

        probs = actor(obs_t)
        idx = _searchsorted_sample(probs)
        with torch.inference_mode():
            v = critic(obs_t).item()

        obs, reward, term, trunc, _info = env.step(idx.item())

        traj["a"].append(idx.item())
        traj["r"].append(float(reward))
        traj["logp"].append(probs[idx].log())
        traj["v"].append(v)
        stop = term or trunc

    return traj["s"], traj["a"], traj["r"], traj["logp"], traj["v"]
