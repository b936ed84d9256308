"""Values in one batch after the loop."""

import numpy as np
import torch


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device
    states, actions, rewards, log_probs = [], [], [], []

    # --- play -------------------------------------------------------------
    obs, _ = env.reset()
    done = False
    while not done:
        states.append(np.array(obs))
        action, log_prob = actor.sample_action(
            torch.tensor(states[-1], dtype=torch.float32, device=device)
        )
        obs, reward, terminated, truncated, _ = env.step(action)

        actions.append(action)
        log_probs.append(log_prob)
        rewards.append(float(reward))
        done = bool(terminated or truncated)

    # --- ask the critic about everything at once ----------------------------
    batch = torch.tensor(np.stack(states), dtype=torch.float32, device=device)  # (T, state_dim)
    with torch.no_grad():
        values = critic(batch).tolist()  # T floats

    return states, actions, rewards, log_probs, values
