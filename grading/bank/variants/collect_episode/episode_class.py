"""A class holds the episode and knows how to hand it out."""

import copy

import torch


class Episode:
    def __init__(self):
        self.states = []
        self.actions = []
        self.rewards = []
        self.log_probs = []
        self.values = []

    def decide(self, actor, critic, observation, device):
        """Store what is known before the step, and return the action."""
        own = copy.deepcopy(observation)
        t = torch.tensor(own, dtype=torch.float32, device=device)
        action, log_prob = actor.sample_action(t)
        with torch.no_grad():
            value = critic(t)
        self.states.append(own)
        self.actions.append(action)
        self.log_probs.append(log_prob)
        self.values.append(value.item())
        return action

    def pay(self, reward):
        """Store what is known only after the step."""
        self.rewards.append(float(reward))

    def as_lists(self):
        return self.states, self.actions, self.rewards, self.log_probs, self.values


def collect_episode_with_values(env, actor, critic):
    device = next(actor.parameters()).device
    episode = Episode()
    observation, _ = env.reset()
    done = False

    while not done:
        action = episode.decide(actor, critic, observation, device)
        observation, reward, terminated, truncated, _ = env.step(action)
        episode.pay(reward)
        done = terminated or truncated

    return episode.as_lists()
