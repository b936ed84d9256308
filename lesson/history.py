"""What happened while one agent was trained, episode by episode."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from lesson.returns import compute_returns
from lesson.training import Episode


@dataclass
class History:
    """One entry an episode in each list."""

    env_name: str
    seed: int
    device: str
    rewards: list[float] = field(default_factory=list)
    """Sums of rewards, not discounted."""
    actor_losses: list[float] = field(default_factory=list)
    critic_losses: list[float] = field(default_factory=list)
    explained_variance: list[float | None] = field(default_factory=list)
    """Of the returns, by the critic's values before the update; None where all returns are one."""
    seconds: list[float] = field(default_factory=list)
    """On the clock, since training began."""

    def add(self, episode: Episode, seconds: float = 0.0) -> None:
        """One more, which ended `seconds` after training began."""
        self.seconds.append(round(seconds, 3))
        self.rewards.append(float(sum(episode.rewards)))
        self.actor_losses.append(float(episode.actor_loss))
        self.critic_losses.append(float(episode.critic_loss))
        returns = compute_returns(episode.rewards)
        self.explained_variance.append(explained_variance(returns, episode.values))

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def explained_variance(returns: Sequence[float], values: Sequence[float]) -> float | None:
    """1 - Var(G - V) / Var(G): 1 is a perfect critic, 0 is no better than a constant.

    None if all returns are the same. Below 0, the critic is worse than a constant.
    """
    variance = float(np.var(returns))
    if variance == 0:
        return None
    return 1 - float(np.var(np.subtract(returns, values))) / variance
