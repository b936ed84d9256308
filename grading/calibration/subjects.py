"""What is calibrated: checks that train, who is trained for each, and which shapes are tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grading.calibration import learners
from grading.calibration.design import SHAPE, Grid, Shape, looks_until
from grading.learning.rule import LEARNING
from grading.solution import ROOT


@dataclass(frozen=True)
class Size:
    """How many runs are trained."""

    explored: int = 1000
    """Of each learner, for each pair of learning rates, to choose a shape from."""
    chosen_from: int = 12_000
    """Of the reference, to choose the bounds from."""
    counted: int = 96_000
    """Of the reference, to count on."""
    others: int = 1000
    """Of each other learner, to count on; as many of the hardest to choose the bounds from."""
    plain: int = 500
    """Of the lesson's loop, ..."""
    plain_episodes: int = 50
    """... which is slow: this long."""


@dataclass(frozen=True)
class Subject:
    """A check that trains."""

    name: str
    """Of its data file."""
    title: str
    shape: Shape
    """The one in force; see the trade-off in the report."""
    grid: Grid
    """The shapes that were tried."""
    wrong: Mapping[str, str]
    """Learners that the check has to fail, and the mistake of the bank that each is."""
    weaker: Mapping[str, str]
    """Mistakes that learn well enough."""
    hardest: tuple[str, ...]
    """Those that learn most like the reference, of all that should fail."""
    shown: tuple[str, ...]
    """Learners that the picture of learning curves has, beside the reference."""
    size: Size
    page: Path
    figures: str
    """The folder of the page's pictures, below `grading/`."""
    command: str


LEARNING_CHECK = Subject(
    name=LEARNING,
    title="the learning check",
    shape=SHAPE,
    grid=Grid(),
    wrong=learners.WRONG,
    weaker=learners.WEAKER,
    # The last one at first.
    hardest=("no baseline", "untrained critic", "stale gradients"),
    shown=("no baseline", "untrained critic", "permuted", "sign flipped", "mean for sum"),
    size=Size(),
    page=ROOT / "grading" / "CALIBRATION.md",
    figures="calibration/figures",
    command="nox -s calibrate",
)
SHARED_BACKBONE = Subject(
    name="shared_backbone",
    title="the challenge with one network",
    shape=Shape(16, 20, 0.003, 0.003, looks_until(60), shared=True),
    grid=Grid(
        learning_rates=((0.003, 0.003), (0.005, 0.005), (0.008, 0.008)),
        runs=(12, 16, 20, 24, 32),
        episodes=(50, 60),
        windows=(10, 20, 30),
    ),
    wrong=learners.SHARED_WRONG,
    weaker=learners.SHARED_WEAKER,
    hardest=("permuted", "rewards of the past", "last step only"),
    shown=("no baseline", "stale gradients", "permuted", "sign flipped", "policy never trained"),
    # There is no plain loop for it: `grading/tests` compares weights instead.
    size=Size(chosen_from=6000, counted=48_000, plain=0),
    page=ROOT / "grading" / "CALIBRATION_SHARED.md",
    figures="calibration/figures/shared_backbone",
    command="nox -s calibrate -- --what shared_backbone",
)
SUBJECTS = {"learning": LEARNING_CHECK, SHARED_BACKBONE.name: SHARED_BACKBONE}
"""By what the command line calls them."""
