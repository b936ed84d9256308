"""Many independent runs of training at once: what one run needs minutes for, a thousand do too.

`agents` stacks the networks of all runs, `signals` says how a learner moves them, and `trainer`
plays the episodes.
"""

from lesson.stacked.signals import Episodes, Learner, NotStackable, Signal, discounted, learner_of
from lesson.stacked.trainer import Played, Settings, Trainer

__all__ = [
    "Episodes",
    "Learner",
    "NotStackable",
    "Played",
    "Settings",
    "Signal",
    "Trainer",
    "discounted",
    "learner_of",
]
