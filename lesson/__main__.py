"""`python -m lesson`: train an agent with your functions, compare methods, watch your files."""

import argparse
import os
import sys
import time
import traceback
from pathlib import Path
from textwrap import fill

import gymnasium as gym
import numpy as np
import torch
from tqdm import tqdm

from lesson.comparison import WINDOW, estimate, smooth, table, train_all
from lesson.errors import LessonError
from lesson.figures.curves import landings, one_run, reward_curves
from lesson.figures.states import heat_maps, landscape
from lesson.figures.style import save
from lesson.film import film
from lesson.hunt import try_out
from lesson.lander import (
    BUDGET,
    LANDS,
    LAST,
    MISSING,
    Plan,
    can_fly,
    fly,
    pilot,
    problems,
)
from lesson.lander import ENVIRONMENT as LANDER
from lesson.machine import DEVICES, choose_device, introduce
from lesson.methods import METHODS
from lesson.networks import Actor
from lesson.solutions import load_function
from lesson.stacked import Settings
from lesson.train import save_weights
from lesson.train import train as train_solution
from lesson.training import LR_ACTOR, LR_CRITIC
from lesson.watch import watch_exercises


def main(arguments: list[str] | None = None) -> int:
    """0, or 2 with a message for what cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m lesson", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train an agent with a solution's own functions")
    training.add_argument("--solution", default="exercises", help="exercises, reference or a path")
    training.add_argument("--episodes", type=_positive, default=500)
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--device", choices=DEVICES, default="auto")
    training.add_argument("--out", type=Path, default=Path("runs/train"), help="a folder")
    training.set_defaults(run=train)
    comparing = commands.add_parser("compare", help="three methods side by side, over many runs")
    comparing.add_argument("--runs", type=_positive, default=64, help="of each method")
    comparing.add_argument("--episodes", type=_positive, default=500, help="of each run")
    comparing.add_argument("--methods", nargs="+", metavar="METHOD", help="default: all three")
    comparing.add_argument("--env", default="CartPole-v1", help="with discrete actions")
    comparing.add_argument("--seed", type=int, default=0)
    comparing.add_argument("--workers", type=_positive, help="processes; default: one a core")
    comparing.add_argument("--out", type=Path, default=Path("runs/compare"), help="a folder")
    comparing.set_defaults(run=compare)
    landing = commands.add_parser("land", help="train landers by a solution's plan")
    landing.add_argument("--solution", default="exercises", help="exercises, reference or a path")
    landing.add_argument("--runs", type=_positive, default=4)
    landing.add_argument("--seed", type=int, default=0)
    landing.add_argument("--out", type=Path, default=Path("runs/land"), help="a folder")
    landing.set_defaults(run=land)
    hunting = commands.add_parser("hunt", help="try your test of updates out")
    hunting.add_argument("--solution", default="exercises", help="exercises, reference or a path")
    hunting.set_defaults(run=hunt)
    watching = commands.add_parser("watch", help="on each save, check what changed")
    watching.set_defaults(run=watch)
    asked = parser.parse_args(arguments)
    try:
        asked.run(asked)
    except LessonError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def train(asked: argparse.Namespace) -> None:
    """Train, and write history, weights, figures and a film."""
    device = choose_device(asked.device)
    print(introduce(device, asked.seed))
    trained = train_solution(asked.solution, asked.episodes, asked.seed, device)
    history = trained.history
    if not history.rewards:
        raise LessonError("stopped before the first episode had its update: nothing to keep")
    if trained.interrupted:
        print(f"stopped after {len(history.rewards)} episodes; what there is, is kept")
    asked.out.mkdir(parents=True, exist_ok=True)
    history.write(asked.out / "history.json")
    save_weights(trained.actor, trained.critic, asked.out / "weights.safetensors")
    save(one_run(history), asked.out / "training.png")
    save(heat_maps(landscape(trained.actor, trained.critic)), asked.out / "landscape.png")
    agents = {
        "untrained": trained.untrained,
        f"after {len(history.rewards)} episodes": trained.actor,
    }
    film(agents, asked.out / "agents.gif", asked.seed)
    said(asked.out, "history.json", "weights.safetensors", "training.png", "landscape.png",
         "agents.gif")  # fmt: skip


def compare(asked: argparse.Namespace) -> None:
    """Train every method, print the table, and write curves, rewards and figure."""
    names = asked.methods or list(METHODS)
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise LessonError(f"no method {', '.join(unknown)}: there are {', '.join(METHODS)}")
    print(introduce("cpu", asked.seed))
    settings = Settings(asked.episodes, LR_ACTOR, LR_CRITIC, env_name=asked.env)
    begun = time.perf_counter()
    try:
        rewards = train_all(names, asked.runs, settings, asked.seed, asked.workers)
    except (ValueError, gym.error.Error, ImportError) as error:
        raise LessonError(f"cannot train on {asked.env}: {error}") from error
    print(f"{asked.runs} runs of {asked.episodes} episodes with each method, "
          f"{time.perf_counter() - begun:.0f} seconds")  # fmt: skip
    print(table(rewards))
    asked.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(asked.out / "rewards.npz", allow_pickle=False, **rewards)
    (asked.out / "table.txt").write_text(table(rewards) + "\n", "utf-8")
    written = ["rewards.npz", "table.txt"]
    if asked.episodes >= WINDOW:
        found = {name: estimate(smooth(one)) for name, one in rewards.items()}
        save(reward_curves(found, asked.runs, asked.env), asked.out / "curves.png")
        written.append("curves.png")
    said(asked.out, *written)


def land(asked: argparse.Namespace) -> None:
    """Train some runs of a plan, say which land, and write curves and a film."""
    if not can_fly():
        raise LessonError(MISSING)
    plan = Plan(*load_function(asked.solution, "challenges/lunar_lander", "choose_plan")())
    for name, words in problems(plan).items():
        raise LessonError(f"this plan cannot be trained: {name} {words}")
    print(introduce("cpu", asked.seed))
    print(plan)
    torch.set_num_threads(1)  # the networks are so small that threads only get in each other's way
    budget = asked.runs * BUDGET
    with tqdm(total=budget, unit=" steps", mininterval=1, dynamic_ncols=True) as bar:

        def progress(steps: int) -> None:
            bar.update(min(steps, budget) - bar.n)

        flight, trainer = fly(plan, asked.runs, asked.seed, progress)
    print(f"{'run':>3}{'episodes':>10}{f'first {LAST}':>10}{f'last {LAST}':>10}   mean return")
    for run, (returns, end) in enumerate(zip(flight.returns, flight.ends, strict=True)):
        first, lands = returns[:LAST].mean(), "lands" if end >= LANDS else ""
        print(f"{run:>3}{len(returns):>10}{first:>10.0f}{end:>10.0f}   {lands}")
    print(f"{flight.landed} of {asked.runs} runs land: their last mean is {LANDS:g} or more")
    save(landings(flight.returns, LANDS), asked.out / "returns.png")
    best = int(np.nanargmax(flight.ends))
    trained = pilot(trainer, best)
    inputs, outputs = trained.hidden.in_features, trained.output.out_features
    agents = {"untrained": Actor(inputs, outputs), f"run {best}": trained}
    film(agents, asked.out / "lander.gif", asked.seed, LANDER)
    said(asked.out, "returns.png", "lander.gif")


def hunt(asked: argparse.Namespace) -> None:
    """Ask a solution's `is_correct` about the lesson's faulty steps and the solution's own."""
    test = load_function(asked.solution, "challenges/bug_hunt", "is_correct")
    own = load_function(asked.solution, "actor_critic_step", "actor_critic_step")
    tried = try_out(test, own)
    print(f"{'step':<24}{'it is':<9}your test says", *tried.answers, sep="\n")
    raised = next((a.said for a in tried.answers if isinstance(a.said, Exception)), None)
    if raised is not None:
        print("\nThe first that it raises:")
        traceback.print_exception(raised, file=sys.stdout)
    if tried.unsendable:
        print("\nCalls that cannot be made where your test is graded:")
        for text in tried.unsendable:
            print(fill(text, initial_indent="- ", subsequent_indent="  "))
    if all(answer.faulty for answer in tried.answers):
        print("\nexercise 1 is not written yet: a right step to accept is missing here")
    elif all(answer.is_right for answer in tried.answers):
        print(
            "\nall are told apart. These are easy ones: your score comes from hidden steps,\n"
            "most of which differ from a right one in one thing only."
        )


def watch(_: argparse.Namespace) -> None:
    """Until Ctrl-C."""
    watch_exercises()


def said(folder: Path, *names: str) -> None:
    """Where to look now."""
    print(f"{folder}{os.sep}: {', '.join(names)}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("has to be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
