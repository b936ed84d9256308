"""The two networks as boxes: what goes in, what comes out."""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from lesson.figures.style import BLUE, ORANGE, STYLE, TEXT


def two_networks(state_dim: int = 4, hidden_dim: int = 128, n_actions: int = 2) -> Figure:
    """Actor and critic read the same state and share no parameters."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        ax = figure.add_subplot()
        ax.axis("off")
        ax.set(xlim=(0, 12), ylim=(0, 5.2))
        _box(ax, 0.1, 1.9, 2.2, "state s", f"{state_dim} numbers", TEXT)
        for y, name, out, shape, colour in (
            (3.5, "actor", "policy π(a|s)", f"{n_actions} probabilities, softmax", ORANGE),
            (0.3, "critic", "value V(s)", "1 number", BLUE),
        ):
            _box(ax, 3.7, y, 3.2, f"{name}: hidden layer", f"{hidden_dim} units, ReLU", colour)
            _box(ax, 8.3, y, 3.6, out, shape, colour)
            _arrow(ax, (2.4, 2.6), (3.6, y + 0.7))
            _arrow(ax, (7.0, y + 0.7), (8.2, y + 0.7))
    return figure


def _box(ax: Axes, x: float, y: float, width: float, title: str, text: str, colour: str) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            1.4,
            boxstyle="round,pad=0,rounding_size=0.15",
            facecolor=colour + "22",
            edgecolor=colour,
            linewidth=1.5,
        )
    )
    middle = x + width / 2
    ax.text(middle, y + 0.93, title, ha="center", va="center", fontsize=10, weight="bold")
    ax.text(middle, y + 0.42, text, ha="center", va="center", fontsize=9)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "->", "color": TEXT})
