"""random.choices from the standard library, weighted by the policy."""

import copy
import random

import torch


def collect_episode_with_values(env, actor, critic):
    dev = next(actor.parameters()).device
    steps = []
    observation, _ = env.reset()
    ended = False

    while not ended:
        # a deep copy is mine alone, whatever the environment does next
        before = copy.deepcopy(observation)
        inp = torch.tensor(before, dtype=torch.float32, device=dev)
        probs = actor(inp)

        weights = probs.tolist()
        (action,) = random.choices(range(len(weights)), weights=weights)

        observation, reward, terminated, truncated, _ = env.step(action)
        ended = terminated or truncated

        steps.append((before, action, float(reward), probs[action].log(), critic(inp).item()))

    return (
        [step[0] for step in steps],
        [step[1] for step in steps],
        [step[2] for step in steps],
        [step[3] for step in steps],
        [step[4] for step in steps],
    )
