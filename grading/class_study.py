"""A whole class from the bank, graded in one command and one by one: `nox -s class_study`.

The class is drawn by lot: honest, faulty, hostile, broken and endless submissions. Says what the
batch cost, and whether each submission got there what it gets alone, with the same secret: with
another one, a wrong solution may pass a check that it fails here, or the other way round.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any

from tqdm import tqdm

from grading import scorecard
from grading.exploits import Exploit, exploits, scene, write_submission
from grading.isolation.cost import processor_seconds
from grading.scorecard import VARIANTS, Trial
from grading.seeds import SECRET
from grading.solution import ROOT

ENDLESS = (
    "while True:\n    pass\n",
    "import time\ntime.sleep(100_000)\n",
    "while True:\n    try:\n        while True:\n            pass\n"
    "    except BaseException:\n        pass\n",
)


def honest(folder: Path, lot: random.Random) -> str:
    """The reference, with an honest alternative of each exercise in its place."""
    scorecard.copy_reference(folder / "exercises")
    chosen = []
    for exercise in sorted({trial.exercise for trial in scorecard.variants()}):
        file = lot.choice(sorted((VARIANTS / exercise).glob("*.py")))
        copyfile(file, folder / "exercises" / f"{exercise}.py")
        chosen.append(file.stem)
    return ", ".join(chosen)


def faulty(folder: Path, lot: random.Random) -> str:
    """The reference with a mistake in it."""
    trial: Trial = lot.choice(scorecard.mistakes())
    scorecard.write_submission(trial, folder / "exercises", isolated=True)
    return trial.names[0]


def hostile(folder: Path, lot: random.Random) -> str:
    """The stubs with an exploit in them."""
    exploit: Exploit = lot.choice(exploits())
    with scene() as place:
        write_submission(exploit, place, folder)
    return f"{exploit.exercise}/{exploit.name}"


def broken(folder: Path, lot: random.Random) -> str:
    """Something that cannot be graded, or only in part."""
    how = lot.choice(["no folder", "an empty folder", "no file", "a syntax error", "no text"])
    folder.mkdir()
    if how == "no folder":
        return how
    if how == "an empty folder":
        (folder / "exercises").mkdir()
        return how
    scorecard.copy_reference(folder / "exercises")
    file = folder / "exercises" / "actor_critic_step.py"
    if how == "no file":
        file.unlink()
    else:
        file.write_bytes(b"def (\n" if how == "a syntax error" else b"\xff\xfe\x00\x00" * 100)
    return how


def endless(folder: Path, lot: random.Random) -> str:
    """The reference, one file of which never ends."""
    scorecard.copy_reference(folder / "exercises")
    source = lot.choice(ENDLESS)
    exercise = lot.choice(["actor_critic_step", "collect_episode"])
    (folder / "exercises" / f"{exercise}.py").write_text(source, "utf-8")
    return f"{exercise}: {source.splitlines()[-1].strip()}"


KINDS: dict[Callable[[Path, random.Random], str], float] = {
    honest: 0.3,
    faulty: 0.42,
    hostile: 0.15,
    broken: 0.08,
    endless: 0.05,
}
"""And their shares."""


def write_class(folder: Path, size: int, seed: int) -> dict[str, str]:
    """A class; by the names of the submissions, what they are."""
    lot = random.Random(seed)  # noqa: S311 - the same class each time
    made = {}
    kinds = [kind for kind, share in KINDS.items() for _ in range(round(share * size))]
    kinds += [honest] * (size - len(kinds))
    for number, kind in enumerate(kinds[:size], start=1):
        name = f"actor-critic-student{number:03d}"
        made[name] = f"{kind.__name__}: {kind(folder / name, lot)}"
    with (folder / "roster.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["identifier", "github_username", "github_id", "name"])
        for number, name in enumerate(made, start=1):
            rows.writerow([f"u{number:03d}", name.rpartition("-")[2], "", f"Student {number}"])
    return made


def grade_alone(submission: Path, out: Path, options: list[str]) -> None:
    """As an instructor would, one by one; a folder without exercises/ is refused."""
    command = [sys.executable, "-m", "grading", "grade", str(submission), "--json", str(out)]
    subprocess.run([*command, *options], cwd=ROOT, capture_output=True, check=False)  # noqa: S603


def facts(file: Path) -> Any:
    """What two gradings of one submission must agree in."""
    if not file.is_file():
        return None
    grade = json.loads(file.read_text("utf-8"))
    return [(c["id"], c["status"], c["points"], c["diagnosis"]) for c in grade["checks"]]


def differences(folder: Path, workers: int, options: list[str]) -> Iterator[str]:
    """The names of submissions that get something else alone than in the class.

    What was graded alone before is not graded again.
    """
    names = [path.parent.name for path in sorted(folder.glob("class/*/exercises"))]
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)

    def one(name: str) -> tuple[str, bool]:
        file = alone / f"{name}.json"
        if not file.is_file():
            grade_alone(folder / "class" / name, file, options)
        return name, facts(file) == facts(folder / "graded" / name / "grade.json")

    with ThreadPoolExecutor(workers) as pool:
        for name, same in tqdm(pool.map(one, names), total=len(names), desc="one by one"):
            if not same:
                yield name


def seconds_of_import() -> float:
    """Processor time of `import torch` in a process of its own."""
    before = processor_seconds()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return processor_seconds() - before


def grade_together(folder: Path, workers: int, options: list[str]) -> None:
    """The class in one command; prints what it cost."""
    before, begun = processor_seconds(), time.monotonic()
    command = [sys.executable, "-m", "grading", "batch", str(folder / "class")]
    command += ["--out", str(folder / "graded"), "--workers", str(workers)]
    command += ["--roster", str(folder / "class" / "roster.csv"), *options]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    wall, cpu = time.monotonic() - begun, processor_seconds() - before
    made = json.loads((folder / "made.json").read_text("utf-8"))
    grades = {
        name: json.loads((folder / "graded" / name / "grade.json").read_text("utf-8"))
        for name in made
    }
    learning = sum(
        check["seconds"]
        for grade in grades.values()
        for check in grade["checks"]
        if check["exercise"] == "learning"
    )
    torch = 2 * len(made) * seconds_of_import()
    print(f"{len(made)} submissions, {workers} side by side: {wall:.0f} s")
    print(f"processor seconds for each: {cpu / len(made):.1f}")
    print(f"of these, two imports of torch: {100 * torch / cpu:.0f}%")
    print(f"of the time on the clock, learning checks: {100 * learning / (wall * workers):.0f}%")
    for kind in KINDS:
        scores = [grades[name]["score"] for name in made if made[name].startswith(kind.__name__)]
        print(f"{kind.__name__:<10}{len(scores):>4}   scores {min(scores)} to {max(scores)}")


def main(arguments: list[str] | None = None) -> int:
    """Write, grade, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m grading.class_study", description=__doc__)
    parser.add_argument("--submissions", type=int, default=120, metavar="N")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "class_study")
    parser.add_argument("--skip", choices=("learning",))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--resume", action="store_true", help="go on grading the last class one by one"
    )
    asked = parser.parse_args(arguments)
    os.environ.setdefault(SECRET, f"class study {asked.seed}")
    options = ["--skip", asked.skip] if asked.skip else []
    if not asked.resume:
        rmtree(asked.folder, ignore_errors=True)
        (asked.folder / "class").mkdir(parents=True)
        made = write_class(asked.folder / "class", asked.submissions, asked.seed)
        (asked.folder / "made.json").write_text(json.dumps(made, indent=1), "utf-8")
        grade_together(asked.folder, asked.workers, options)
    elif not (asked.folder / "made.json").is_file():
        parser.error(f"there is no class in {asked.folder}: leave --resume away")
    made = json.loads((asked.folder / "made.json").read_text("utf-8"))
    different = list(differences(asked.folder, asked.workers, options))
    print(f"graded alone, {len(different)} get something else")
    for name in different:
        print(f"  {name}  {made[name]}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
