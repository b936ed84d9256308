"""The pictures of the report: SVG, the same for the same data, legible on light and dark pages."""

from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grading.calibration.design import Option
from grading.calibration.groups import GroupMean, groups_of, scores
from grading.learning.rule import Rule, statistic
from lesson.figures.style import COLOURS, STYLE, TEXT, save

SIZE = (7.2, 4.0)
BINS = range(0, 501, 8)


def draw(path: Path, plot: Callable[[Axes], None]) -> None:
    """Write one picture."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        plot(figure.add_subplot())
        save(figure, path)


def learning_curves(ax: Axes, curves: Mapping[str, np.ndarray]) -> None:
    """The median run and the middle half of the runs, smoothed over ten episodes."""
    kernel = np.ones(10) / 10
    for (name, rewards), colour in zip(curves.items(), COLOURS, strict=False):
        smooth = np.apply_along_axis(np.convolve, 1, rewards, kernel, "valid")
        low, middle, high = np.quantile(smooth, (0.25, 0.5, 0.75), axis=0)
        episodes = np.arange(smooth.shape[1]) + 10
        ax.plot(episodes, middle, color=colour, label=name)
        ax.fill_between(episodes, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.set(xlabel="episode", ylabel="reward, mean of ten episodes", ylim=(0, None))
    ax.legend(loc="upper left")


def group_means(ax: Axes, curves: Mapping[str, np.ndarray], rule: Rule) -> None:
    """Densities of the statistic at the last look: counted (bars), and the fitted tail (lines)."""
    last = rule.looks[-1]
    for (name, rewards), colour in zip(curves.items(), COLOURS, strict=False):
        found = scores(rewards, last.episodes, rule.window)
        where, density = GroupMean(found, rule.runs, rule.window).density()
        ax.plot(where, density, color=colour, label=name)
        counted = [statistic(g, last.episodes, rule.window) for g in groups_of(rewards, rule.runs)]
        ax.hist(counted, bins=BINS, density=True, color=colour, alpha=0.3)
    ax.axvline(last.low, color=TEXT, linestyle="--")
    ax.annotate(f"  passes from {last.low:.1f}", (last.low, 0.3), color=TEXT)
    ax.set(
        xlabel=f"mean reward of the last {rule.window} of {last.episodes} episodes, "
        f"over {rule.runs} runs",
        ylabel="density",
        yscale="log",
        ylim=(1e-9, 1),
        xlim=(0, 320),
    )
    ax.legend(loc="upper right", fontsize=8)


def bounds(ax: Axes, curves: Mapping[str, np.ndarray], rule: Rule) -> None:
    """The statistic of 19 groups in 20 at each look, and the bounds of the rule."""
    looks = [look.episodes for look in rule.looks]
    for (name, rewards), colour in zip(curves.items(), COLOURS, strict=False):
        means = [GroupMean(scores(rewards, n, rule.window), rule.runs, rule.window) for n in looks]
        low = [mean.largest_with_below(0.025) for mean in means]
        high = [mean.smallest_with_at_least(0.025) for mean in means]
        ax.fill_between(looks, low, high, color=colour, alpha=0.25, linewidth=0, label=name)
    ax.plot(looks, [look.high for look in rule.looks], "^-", color=TEXT, label="passes from here")
    ax.plot(looks, [look.low for look in rule.looks], "v--", color=TEXT, label="fails below")
    ax.set(xlabel="episodes", ylabel=f"mean reward of the last {rule.window}", ylim=(0, 320))
    ax.legend(loc="upper left")


def trade_off(ax: Axes, every: list[Option], front: list[Option], chosen: Option) -> None:
    """Seconds a verdict takes against how often the best of the wrong learners passes."""
    rates = sorted({(o.shape.actor_lr, o.shape.critic_lr) for o in every})
    for (actor_lr, critic_lr), colour in zip(rates, COLOURS, strict=False):
        those = [o for o in every if (o.shape.actor_lr, o.shape.critic_lr) == (actor_lr, critic_lr)]
        ax.scatter(
            [o.seconds for o in those],
            [o.false_pass for o in those],
            s=9,
            color=colour,
            label=f"learning rates {actor_lr:g}, {critic_lr:g}",
        )
    ax.plot([o.seconds for o in front], [o.false_pass for o in front], color=TEXT, linewidth=1)
    ax.plot(chosen.seconds, chosen.false_pass, "o", ms=13, mfc="none", mec=TEXT, label="chosen")
    ax.set(
        xlabel="estimated seconds to a verdict on correct code",
        ylabel="false pass at the last look, fitted tail",
        yscale="log",
        ylim=(1e-7, 1.5),
    )
    ax.legend(loc="lower left", fontsize=8)
