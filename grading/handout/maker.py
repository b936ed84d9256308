"""Writes the students' copy of the course: what they need, and no answer.

What is neither listed here nor in a folder that is, is not handed out.
"""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from grading.bank.pipeline import pipelines
from grading.checks import Check
from grading.handout import recorder
from grading.recorded.outcomes import FILE as OUTCOMES
from grading.reports.classroom import runners_of
from grading.solution import ROOT

TEMPLATE = Path(__file__).parent / "template"
DATA = "grading/recorded/data"
WORKFLOW = ".github/workflows/classroom.yml"

GIVEN = (
    "LICENSE",
    "conftest.py",
    "constraints.txt",
    "exercises/README.md",
    "exercises/lesson.ipynb",
)
GIVEN_PATTERNS = ("exercises/figures/*.svg", "grading/learning/*.json")
GIVEN_FOLDERS = (
    "exercises",
    "exercises/challenges",
    "grading",
    "grading/commands",
    "grading/isolation",
    "grading/learning",
    "grading/probes",
    "grading/recorded",
    "grading/reports",
    "lesson",
    "lesson/figures",
    "lesson/stacked",
    "tests",
)
"""Their Python files are given."""
KEPT_BACK = (
    "grading/batch.py",
    "grading/benchmark.py",
    "grading/class_report.py",
    "grading/class_study.py",
    "grading/cluster.py",
    "grading/commands/batch.py",
    "grading/commands/gradebook.py",
    "grading/commands/scorecard.py",
    "grading/exploits.py",
    "grading/gpu_checks.py",
    "grading/here.py",
    "grading/isolation/cost.py",
    "grading/likeness.py",
    "grading/reports/class_page.py",
    "grading/reports/gradebooks.py",
    "grading/reports/scorecard.py",
    "grading/roster.py",
    "grading/scorecard.py",
    "grading/stubs.py",
    "lesson/figures/__main__.py",
    "lesson/notebook.py",
)
"""Those that are of no use there."""
NEEDED = (
    "torch",
    "gymnasium",
    "numpy",
    "matplotlib",
    "msgpack",
    "safetensors",
    "tqdm",
    "watchfiles",
    "pytest",
    "pytest-timeout",
)


class NotEmpty(ValueError):
    """There is something in the way that no handout has written."""


def given_files() -> Iterator[str]:
    """The files of the course that are handed out as they are."""
    yield from GIVEN
    for pattern in GIVEN_PATTERNS:
        yield from sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    for folder in GIVEN_FOLDERS:
        for path in sorted((ROOT / folder).glob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in KEPT_BACK:
                yield name


def make(out: Path, checks: list[Check], workers: int, progress: recorder.Say) -> None:
    """Write the handout: a folder that is a git repository of one commit. Raises NotEmpty."""
    if out.exists():
        if not (out / WORKFLOW).is_file():
            raise NotEmpty(f"{out} is there and is no handout: move it away first")
        shutil.rmtree(out)
    for name in given_files():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    shutil.copytree(TEMPLATE, out, dirs_exist_ok=True)
    (out / "gitignore").rename(out / ".gitignore")
    (out / "pyproject.toml").write_text(pyproject(), "utf-8")
    workflow = out / WORKFLOW
    workflow.write_text(_filled_in(workflow.read_text("utf-8"), checks), "utf-8")
    data = out / DATA
    data.mkdir(parents=True)
    (data / OUTCOMES).write_bytes(recorder.record_outcomes())
    for exercise in pipelines():
        file = data / f"{exercise}.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(recorder.record(exercise, workers, progress))
    _commit(out)


def pyproject() -> str:
    """The course's own, without what only its makers need."""
    course = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    known = {_name(one): one for one in course["project"]["dependencies"]}
    dependencies = "".join(f"    {json.dumps(known[name])},\n" for name in NEEDED)
    options = course["tool"]["pytest"]
    return f"""[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = [] # the course is used from its folder: installing it installs what it needs

[project]
name = "actor-critic-exercises"
version = "{course["project"]["version"]}"
description = "Two exercises on Actor-Critic, with checks that explain"
requires-python = "{course["project"]["requires-python"]}"
dependencies = [
{dependencies}]

[tool.pytest]
testpaths = {json.dumps(options["testpaths"])}
addopts = {json.dumps(options["addopts"])}
"""


def _name(requirement: str) -> str:
    return re.split(r"[\[><=]", requirement)[0]


def _filled_in(workflow: str, checks: list[Check]) -> str:
    names = list(runners_of(checks))
    indent = "\n          "
    results = indent.join(
        f"{name.upper()}_RESULTS: ${{{{ steps.grade.outputs.{name} }}}}" for name in names
    )
    return workflow.replace("@RESULTS@", results).replace("@RUNNERS@", ",".join(names))


def _commit(out: Path) -> None:
    """One commit: nothing that was ever elsewhere is in its history."""
    who = ["-c", "user.name=The course", "-c", "user.email=course@localhost"]
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all", "--force"],
        [*who, "commit", "--quiet", "--message", "The exercises"],
    ):
        subprocess.run(["git", "-C", str(out), *command], check=True)  # noqa: S603, S607
