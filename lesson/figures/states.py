"""What the networks have learned: over the states of CartPole, and along an episode."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure

from lesson.figures.style import BLUE, GREEN, ORANGE, RED, STYLE, TEXT
from lesson.networks import Actor, Critic

POSITIONS = np.linspace(-2.4, 2.4, 49)
"""Of the cart, in metres; an episode ends outside of them."""
ANGLES = np.linspace(-12, 12, 49)
"""Of the pole, in degrees; an episode ends outside of them."""


@dataclass(frozen=True)
class Landscape:
    """Over pole angles (rows) and cart positions (columns), everything at rest."""

    values: np.ndarray
    """V(s)"""
    right: np.ndarray
    """pi(right|s)"""


@torch.no_grad()
def landscape(actor: Actor, critic: Critic) -> Landscape:
    """What both networks say of the states."""
    positions, angles = np.meshgrid(POSITIONS, np.deg2rad(ANGLES))
    still = np.zeros_like(positions)
    states = np.stack([positions, still, angles, still], -1).astype(np.float32)
    states_t = torch.from_numpy(states).to(next(actor.parameters()).device)
    return Landscape(critic(states_t).cpu().numpy(), actor(states_t)[..., 1].cpu().numpy())


def heat_maps(found: Landscape) -> Figure:
    """Value and policy side by side."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        for ax, numbers, title, unit, colours, limits in zip(
            figure.subplots(1, 2, sharey=True),
            (found.values, found.right),
            ("Critic: the value of a state", "Actor: the probability of a push to the right"),
            ("V(s), discounted reward", "π(right|s)"),
            ("cividis", "PuOr"),
            ((None, None), (0, 1)),
            strict=True,
        ):
            mesh = ax.pcolormesh(
                POSITIONS, ANGLES, numbers, cmap=colours, vmin=limits[0], vmax=limits[1],
                rasterized=True,
            )  # fmt: skip
            figure.colorbar(mesh, ax=ax, label=unit)
            ax.set(title=title, xlabel="cart position (m)")
            ax.title.set_size(9)
        figure.axes[0].set_ylabel("pole angle (degrees)")
    return figure


def along_an_episode(returns: np.ndarray, values: np.ndarray, title: str) -> Figure:
    """Returns, what the critic said, and the difference: T numbers each."""
    steps = np.arange(len(returns))
    advantages = returns - values
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 4.4), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(steps, returns, color=ORANGE, label="return G")
        above.plot(steps, values, "--", color=BLUE, label="value V(s)")
        above.set(ylabel="discounted reward", title=title)
        above.legend(loc="best")
        below.axhline(0, color=TEXT, linewidth=0.8)
        for those, colour, label in (
            (advantages >= 0, GREEN, "better than expected"),
            (advantages < 0, RED, "worse than expected"),
        ):
            height = np.where(those, advantages, 0)
            below.fill_between(steps, height, step="mid", color=colour, alpha=0.6, label=label)
        below.set(xlabel="step", ylabel="advantage G - V(s)")
        below.legend(loc="best")
    return figure
