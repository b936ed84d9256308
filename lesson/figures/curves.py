"""What happens over the episodes of a training."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesson.comparison import WINDOW, Estimate, smooth
from lesson.figures.style import BLUE, COLOURS, GREEN, ORANGE, STYLE, TEXT
from lesson.history import History
from lesson.methods import TITLES

COLOUR_OF = {"reinforce": ORANGE, "baseline": GREEN, "actor-critic": BLUE}
LINE_OF = {"reinforce": ":", "baseline": "--", "actor-critic": "-"}


def reward_curves(found: Mapping[str, Estimate], runs: int, env_name: str) -> Figure:
    """Interquartile means with their confidence bands, smoothed over the last 20 episodes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 4.0), layout="constrained")
        ax = figure.add_subplot()
        for name, curve in found.items():
            episodes = np.arange(len(curve.value)) + WINDOW
            colour = COLOUR_OF[name]
            ax.plot(episodes, curve.value, LINE_OF[name], color=colour, label=TITLES[name])
            ax.fill_between(episodes, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
        ax.set(
            xlabel="episode",
            ylabel=f"sum of rewards, mean of {WINDOW} episodes",
            title=f"{env_name}: interquartile mean of {runs} runs, and its 95% confidence band",
        )
        ax.legend(loc="best")
    return figure


def one_run(history: History) -> Figure:
    """Reward, losses and explained variance of one run, each on its own scale."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 6.4), layout="constrained")
        axes = figure.subplots(2, 2, sharex=True)
        explained = [np.nan if one is None else one for one in history.explained_variance]
        for ax, numbers, title, unit, colour in (
            (axes[0, 0], history.rewards, "Reward", "sum of rewards", TEXT),
            (axes[0, 1], explained, "Explained variance", "1 - Var(G - V) / Var(G)", GREEN),
            (axes[1, 0], history.actor_losses, "Actor loss", "loss", ORANGE),
            (axes[1, 1], history.critic_losses, "Critic loss", "squared reward", BLUE),
        ):
            over_episodes(ax, numbers, colour)
            ax.set(title=title, ylabel=unit)
        axes[0, 1].set_ylim(-1, 1.05)
        for ax in axes[1]:
            ax.set_xlabel("episode")
    return figure


def over_episodes(ax: Axes, numbers: list[float], colour: str) -> None:
    """Each episode as a dot, and the median of the last 20 as a line."""
    episodes = np.arange(1, len(numbers) + 1)
    ax.plot(episodes, numbers, ".", color=colour, alpha=0.45, markersize=4, markeredgewidth=0)
    if len(numbers) >= WINDOW:
        windows = np.lib.stride_tricks.sliding_window_view(np.array(numbers, float), WINDOW)
        ax.plot(episodes[WINDOW - 1 :], np.nanmedian(windows, axis=1), color=colour)


def landings(returns: Sequence[np.ndarray], lands: float) -> Figure:
    """The returns of some runs, each smoothed over the last 20 episodes; what landing takes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 4.0), layout="constrained")
        ax = figure.add_subplot()
        for run, found in enumerate(returns):
            if len(found) >= WINDOW:
                colour = COLOURS[run % len(COLOURS)]
                means = smooth(found[None])[0]
                ax.plot(np.arange(len(means)) + WINDOW, means, color=colour, label=f"run {run}")
        ax.axhline(lands, color=TEXT, linewidth=0.8, linestyle=":", label=f"landing: {lands:g}")
        ax.set(
            xlabel="episode",
            ylabel=f"return, mean of {WINDOW} episodes",
            title="Landers: a crash is worth about -100, a landing more than 200",
        )
        ax.legend(loc="best")
    return figure
