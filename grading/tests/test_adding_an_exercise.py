"""Three files make an exercise: stub, checks, diagnosis, grade and scorecard all know it.

The files of the toy are the example that the README's guide points to.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grading.solution import ROOT

TOY = Path(__file__).parent / "toy_exercise"
BLANK = '    raise NotImplementedError("discounted_total")\n'


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the course with the toy's three files in it, and its stub generated."""
    course = tmp_path_factory.mktemp("toy") / "course"
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(".*", "__pycache__", "variants"))
    (course / "grading" / "bank" / "variants").mkdir()
    shutil.copyfile(TOY / "reference.py", course / "reference" / "toy.py")
    shutil.copyfile(TOY / "checks.py", course / "tests" / "test_toy.py")
    shutil.copyfile(TOY / "mistakes.py", course / "grading" / "bank" / "mistakes" / "toy.py")
    exercises = course / "exercises"
    shutil.rmtree(exercises)
    exercises.mkdir()
    python(course, "-m", "grading.stubs")
    return course


def python(course, *arguments):
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def grade(course, submission):
    file = submission / "grade.json"
    options = ["--isolation", "none", "--skip", "learning", "--json", str(file)]
    python(course, "-m", "grading", "grade", str(submission), *options)
    return json.loads(file.read_text())


def submission(course, folder, body):
    shutil.copytree(course / "reference", folder / "exercises")
    stub = (course / "exercises" / "toy.py").read_text()
    (folder / "exercises" / "toy.py").write_text(stub.replace(BLANK, body))
    return folder


def points_of_the_toy(report):
    return sum(check["points"] for check in report["checks"] if check["exercise"] == "toy")


def test_the_stub_has_a_blank(course):
    assert BLANK in (course / "exercises" / "toy.py").read_text()
    assert "not attempted" in python(course, "-m", "pytest", "tests/test_toy.py")


def test_the_reference_gets_the_bonus(course, tmp_path):
    body = "    return sum(gamma**t * reward for t, reward in enumerate(rewards))\n"
    solved = submission(course, tmp_path, body)
    report = grade(course, solved)
    assert (report["score"], report["max_score"]) == (80, 80)
    assert points_of_the_toy(report) == 6
    assert report["bonus_score"] == report["bonus_max_score"] > 6


def test_a_mistake_is_named(course, tmp_path):
    wrong = submission(course, tmp_path, "    return sum(rewards) / len(rewards)\n")
    report = grade(course, wrong)
    first, second = (check for check in report["checks"] if check["exercise"] == "toy")
    assert first["diagnosis"] == ["toy/averaged", "toy/undiscounted"]
    assert "two mistakes at once" in first["message"]
    assert second["waits_for"] == "toy/total"
    assert (report["score"], points_of_the_toy(report)) == (80, 0)


def test_the_scorecard_knows_it(course):
    page = python(course, "-m", "grading", "scorecard", "--exercise", "toy", "--workers", "1")
    assert "| mistakes that lose points | 3 of 3 |" in page
    assert "| mistakes that are named | 3 of 3 |" in page
    assert "| pairs of which both are named | 2 of 2 |" in page
    assert "| toy/gamma | 2 | 3 | `fixed_gamma` |" in page
