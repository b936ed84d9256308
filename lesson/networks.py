"""The two networks: the actor decides, the critic estimates how good a state is.

They read the same state and share no parameters, so that each can be moved by its own loss.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EPS = torch.finfo(torch.float32).eps


class Actor(nn.Module):
    """The policy pi(a|s): a state goes in, a probability for each action comes out."""

    def __init__(self, state_dim: int, n_actions: int, hidden_dim: int = 128) -> None:
        super().__init__()
        self.hidden = nn.Linear(state_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, n_actions)

    def forward(self, state: Tensor) -> Tensor:
        """Action probabilities: (state_dim,) -> (n_actions,), (T, state_dim) -> (T, n_actions)."""
        return F.softmax(self.output(F.relu(self.hidden(state))), dim=-1)

    def sample_action(self, state: Tensor) -> tuple[int, Tensor]:
        """Draw an action for one state of shape (state_dim,).

        Returns the action as an int and log pi(action|state), a scalar tensor that keeps its graph.
        Both equal what `torch.distributions.Categorical(probs)` gives for the same random state;
        drawing directly saves that class's validation, most of the time of a call.
        """
        probs = self.forward(state)
        action = int(torch.multinomial(probs.detach(), 1, replacement=True))
        # Categorical clamps too: a probability that rounds to 0 must not give -inf.
        return action, probs[action].clamp(_EPS, 1 - _EPS).log()


class Critic(nn.Module):
    """The value function V(s): the return that the critic expects from a state."""

    def __init__(self, state_dim: int, hidden_dim: int = 128) -> None:
        super().__init__()
        self.hidden = nn.Linear(state_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, 1)

    def forward(self, state: Tensor) -> Tensor:
        """Values: (state_dim,) -> a scalar (), or (T, state_dim) -> (T,)."""
        return self.output(F.relu(self.hidden(state))).squeeze(-1)
