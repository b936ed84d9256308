"""Feeds the networks a batch of one state, and squeezes that dimension away."""

import torch


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device
    states, actions, rewards, log_probs, values = [], [], [], [], []

    observation, _ = env.reset()
    finished = False

    while not finished:
        kept = observation.copy()
        batch = torch.tensor(kept, dtype=torch.float32, device=device).unsqueeze(0)  # (1, dim)

        probs = actor(batch)  # (1, n_actions)
        choice = torch.multinomial(probs.detach(), num_samples=1)  # (1, 1)
        log_prob = torch.log(probs.gather(1, choice)).squeeze()  # ()

        with torch.no_grad():
            value = critic(batch).squeeze(0)  # (1,) -> ()

        action = choice.item()
        observation, reward, terminated, truncated, _ = env.step(action)

        states.append(kept)
        actions.append(action)
        rewards.append(float(reward))
        log_probs.append(log_prob)
        values.append(value.item())

        finished = terminated or truncated

    return states, actions, rewards, log_probs, values
