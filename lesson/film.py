"""A GIF of two agents side by side: CartPole as gymnasium draws it."""

import os
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from lesson.networks import Actor

STEPS = 500
EVERY = 4
"""Steps between two pictures; CartPole makes 50 steps a second."""
SIZE = (300, 200)
CAPTION = 24


def film(
    agents: dict[str, Actor], path: Path, seed: int = 0, env_name: str = "CartPole-v1"
) -> None:
    """Play 500 steps with each agent and write what it looked like, the agents side by side.

    Where an agent's episode ends early, the next one begins. Actions are drawn from the policy.
    """
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # no window is opened
    plays = [list(_pictures(actor, title, seed, env_name)) for title, actor in agents.items()]
    frames = []
    for pictures in zip(*plays, strict=True):
        frame = Image.new("RGB", (SIZE[0] * len(pictures), SIZE[1] + CAPTION), "white")
        for i, picture in enumerate(pictures):
            frame.paste(picture, (SIZE[0] * i, 0))
        frames.append(frame.quantize(32, dither=Image.Dither.NONE))
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=20 * EVERY,
        loop=0,
        optimize=True,
    )


def _pictures(actor: Actor, title: str, seed: int, env_name: str) -> Iterator[Image.Image]:
    font = ImageFont.load_default(13)
    device = next(actor.parameters()).device
    with gym.make(env_name, render_mode="rgb_array") as env, torch.random.fork_rng():
        torch.manual_seed(seed)
        state, _ = env.reset(seed=seed)
        lasted = 0
        for step in range(STEPS):
            if step % EVERY == 0:
                image = Image.fromarray(np.asarray(env.render())).resize(SIZE)
                picture = Image.new("RGB", (SIZE[0], SIZE[1] + CAPTION), "white")
                picture.paste(image, (0, CAPTION))
                ImageDraw.Draw(picture).text((8, 4), f"{title}: step {lasted}", "black", font)
                yield picture
            with torch.no_grad():
                action, _ = actor.sample_action(torch.tensor(state, device=device))
            state, _, terminated, truncated, _ = env.step(action)
            lasted += 1
            if terminated or truncated:
                state, _ = env.reset()
                lasted = 0
