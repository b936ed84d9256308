"""Small classes with one duty each, and a function that wires them."""

import torch

from lesson import compute_returns


class EpisodeTensors:
    def __init__(self, states, log_probs, rewards, device):
        self._states = [torch.tensor(s, dtype=torch.float32, device=device) for s in states]
        self._log_probs = list(log_probs)
        self._returns = torch.tensor(compute_returns(rewards), device=device)

    def get_states(self):
        return torch.stack(self._states)

    def get_log_probs(self):
        return torch.stack(self._log_probs)

    def get_returns(self):
        return self._returns


class ActorLoss:
    @staticmethod
    def calculate(log_probs, advantages):
        return log_probs.mul(advantages).sum().neg()


class CriticLoss:
    @staticmethod
    def calculate(values, returns):
        return values.sub(returns).pow(2).mean()


class NetworkUpdater:
    def __init__(self, optimizer):
        self._optimizer = optimizer

    def update(self, loss):
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return loss.item()


def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    device = next(critic.parameters()).device
    episode = EpisodeTensors(states, log_probs, rewards, device)
    values = critic(episode.get_states())
    advantages = episode.get_returns().sub(values.detach())

    actorLoss = ActorLoss.calculate(episode.get_log_probs(), advantages)
    criticLoss = CriticLoss.calculate(values, episode.get_returns())

    actorLossValue = NetworkUpdater(actor_optimizer).update(actorLoss)
    criticLossValue = NetworkUpdater(critic_optimizer).update(criticLoss)
    return actorLossValue, criticLossValue
