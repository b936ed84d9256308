"""States as plain lists of floats instead of arrays."""

import torch


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device

    states = []
    actions = []
    rewards = []
    log_probs = []

    state = env.reset()[0].tolist()
    finished = False
    while not finished:
        probs = actor(torch.tensor(state, dtype=torch.float32, device=device))
        action = probs.multinomial(1).item()
        observation, reward, terminated, truncated, _ = env.step(action)

        states.append(state)
        actions.append(action)
        rewards.append(float(reward))
        log_probs.append(probs[action].log())

        state = observation.tolist()
        finished = terminated or truncated

    # The critic is not changed during the episode, so it can be asked afterwards.
    with torch.inference_mode():
        values = [
            critic(torch.tensor(state, dtype=torch.float32, device=device)).item()
            for state in states
        ]

    return states, actions, rewards, log_probs, values
