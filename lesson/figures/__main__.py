"""`nox -s figures`: draw the lesson's pictures from data.npz; -- --train makes the data anew.

What is trained differs a little from processor to processor, so the data are kept beside the code;
the same data give the same pictures, to the byte.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path

import gymnasium as gym
import numpy as np
from tqdm import tqdm

from lesson.comparison import estimate, smooth, table, train_all
from lesson.figures.curves import one_run, reward_curves
from lesson.figures.networks import two_networks
from lesson.figures.states import Landscape, along_an_episode, heat_maps, landscape
from lesson.figures.style import save
from lesson.history import History
from lesson.lander import ENVIRONMENT as LANDER
from lesson.methods import METHODS
from lesson.returns import compute_returns
from lesson.solutions import ROOT, load
from lesson.stacked import Settings
from lesson.training import LR_ACTOR, LR_CRITIC, episodes, make_networks

DATA = Path(__file__).with_name("data.npz")
FOLDER = ROOT / "exercises" / "figures"
ENVIRONMENT = "CartPole-v1"
RUNS, EPISODES, SEED = 128, 500, 0
LANDERS = 32
"""Runs of each method on LunarLander."""
SHOWN_AFTER, SHOWN_STEPS = 100, (60, 200)
"""The episode that is shown whole: the first one after so many, of a length that can be read."""

Data = Mapping[str, np.ndarray]


def main(arguments: list[str] | None = None) -> int:
    """Draw, and train before if asked to."""
    parser = argparse.ArgumentParser(prog="python -m lesson.figures", description=__doc__)
    parser.add_argument(
        "--train",
        nargs="*",
        choices=list(PARTS),
        metavar="PART",
        help=f"make the data anew (minutes), or a part of them: {', '.join(PARTS)}",
    )
    parser.add_argument("--out", type=Path, default=FOLDER, help="a folder")
    asked = parser.parse_args(arguments)
    if asked.train is not None:
        train(asked.train or list(PARTS))
    with np.load(DATA) as data:
        draw(data, asked.out)
        for title, part in ((ENVIRONMENT, "rewards"), (LANDER, "landers")):
            print(f"{title}\n{table(rewards_of(data, part))}")
    return 0


def train(parts: list[str]) -> None:
    """Make these parts of the data anew, and leave the others as they are."""
    with np.load(DATA) as data:
        before = dict(data)
    made = {name: array for part in parts for name, array in PARTS[part]().items()}
    np.savez_compressed(DATA, allow_pickle=False, **{**before, **made})


def compared(part: str, env_name: str, runs: int) -> dict[str, np.ndarray]:
    """Rewards of all three methods, (runs, episodes)."""
    settings = Settings(EPISODES, LR_ACTOR, LR_CRITIC, env_name=env_name)
    found = train_all(list(METHODS), runs, settings, SEED)
    return {f"{part}/{name}": np.rint(r).astype(np.int16) for name, r in found.items()}


def one_training() -> dict[str, np.ndarray]:
    """One run with the reference's functions: history, what was learned, and one whole episode."""
    step, collect = load("reference")
    history = History(ENVIRONMENT, SEED, "cpu")
    shown: dict[str, np.ndarray] = {}
    with gym.make(ENVIRONMENT) as env:
        actor, critic = make_networks(env, SEED)
        with closing(episodes(env, actor, critic, step, collect, seed=SEED)) as played:
            for number, episode in enumerate(tqdm(islice(played, EPISODES), total=EPISODES), 1):
                history.add(episode)
                readable = SHOWN_STEPS[0] <= len(episode.rewards) <= SHOWN_STEPS[1]
                if not shown and number > SHOWN_AFTER and readable:
                    shown = {
                        "shown/number": np.array(number),
                        "shown/returns": np.array(compute_returns(episode.rewards), np.float32),
                        "shown/values": np.array(episode.values, np.float32),
                    }
    learned = landscape(actor, critic)
    explained = [np.nan if one is None else one for one in history.explained_variance]
    return {
        "run/rewards": np.array(history.rewards, np.float32),
        "run/actor_losses": np.array(history.actor_losses, np.float32),
        "run/critic_losses": np.array(history.critic_losses, np.float32),
        "run/explained_variance": np.array(explained, np.float32),
        "learned/values": learned.values,
        "learned/right": learned.right,
        **shown,
    }


PARTS: Mapping[str, Callable[[], dict[str, np.ndarray]]] = {
    "rewards": partial(compared, "rewards", ENVIRONMENT, RUNS),
    "landers": partial(compared, "landers", LANDER, LANDERS),
    "run": one_training,
}
"""What the data are made of, by the beginning of their names."""


def rewards_of(data: Data, part: str) -> dict[str, np.ndarray]:
    """(runs, episodes) of each method."""
    return {name: data[f"{part}/{name}"] for name in METHODS}


def draw(data: Data, folder: Path) -> None:
    """All pictures of the lesson."""
    save(two_networks(), folder / "networks.svg")
    for part, runs, env_name, file in (
        ("rewards", RUNS, ENVIRONMENT, "reward_curves.svg"),
        ("landers", LANDERS, LANDER, "lunar_lander.svg"),
    ):
        found = {name: estimate(smooth(one)) for name, one in rewards_of(data, part).items()}
        save(reward_curves(found, runs, env_name), folder / file)
    history = History(
        ENVIRONMENT,
        SEED,
        "cpu",
        *(
            data[f"run/{name}"].tolist()
            for name in ("rewards", "actor_losses", "critic_losses", "explained_variance")
        ),
    )
    save(one_run(history), folder / "one_run.svg")
    learned = Landscape(data["learned/values"], data["learned/right"])
    save(heat_maps(learned), folder / "landscape.svg")
    returns, values = data["shown/returns"], data["shown/values"]
    title = f"Episode {int(data['shown/number'])} of the run: {len(returns)} steps"
    save(along_an_episode(returns, values, title), folder / "advantages.svg")


if __name__ == "__main__":
    sys.exit(main())
