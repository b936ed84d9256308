"""The given code of the lesson: what the exercises build on and nobody has to write.

Read it in the order of the mathematics: `networks` (policy and value), `returns` (returns and
advantages), `training` (the loop that ties the two exercises together).
"""

from lesson.networks import Actor, Critic
from lesson.returns import GAMMA, compute_advantages, compute_returns
from lesson.training import TrainingRun, train_actor_critic

__all__ = [
    "GAMMA",
    "Actor",
    "Critic",
    "TrainingRun",
    "compute_advantages",
    "compute_returns",
    "train_actor_critic",
]
