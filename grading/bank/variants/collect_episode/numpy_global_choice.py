"""np.random.choice picks the action; torch is there for the gradient only."""

import numpy as np
import torch


def draw(probs):
    # float32 probabilities do not add up to 1 precisely enough for numpy
    p = probs.detach().cpu().numpy().astype(np.float64)
    p /= p.sum()
    return int(np.random.choice(len(p), p=p))


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device

    obs_list, act_list, rew_list, logp_list, val_list = [], [], [], [], []
    obs = env.reset()[0]
    done = False
    while not done:
        obs = np.array(obs, dtype=np.float32)  # np.array copies
        obs_t = torch.from_numpy(obs).to(device)

        probs = actor(obs_t)
        act = draw(probs)
        val = critic(obs_t).detach().cpu().numpy().item()

        next_obs, rew, term, trunc, _ = env.step(act)

        obs_list.append(obs)
        act_list.append(act)
        rew_list.append(float(rew))
        logp_list.append(torch.log(probs[act]))
        val_list.append(val)

        obs = next_obs
        done = term or trunc

    return obs_list, act_list, rew_list, logp_list, val_list
