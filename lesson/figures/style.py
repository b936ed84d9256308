"""What all pictures share: legible on light and dark pages, the same bytes for the same data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

TEXT = "#7d8590"
"""A grey that stands out from white and from black."""
BLUE, ORANGE, GREEN, PINK, RED, OLIVE = (
    "#2f81f7",
    "#d9730d",
    "#2da58e",
    "#c65bb0",
    "#d1495b",
    "#a68a00",
)
COLOURS: Sequence[str] = (BLUE, ORANGE, GREEN, PINK, RED, OLIVE, TEXT)
"""Told apart by the colour-blind too, and on both pages."""

STYLE: Any = {
    "svg.hashsalt": "actor-critic",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": TEXT,
    "axes.titlecolor": TEXT,
    "axes.titlesize": 11,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "savefig.transparent": True,
}


def save(figure: Figure, path: Path) -> None:
    """Write an SVG for a page, or a PNG on white for a folder, by the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        if path.suffix == ".svg":
            figure.savefig(path, metadata={"Date": None})
        else:
            figure.savefig(path, dpi=150, transparent=False, facecolor="white")
