"""What a student sees: one failure for one cause, a table, and the next thing to do."""

import os
import re
import subprocess
import sys

import pytest
import torch

from grading.checks import check
from grading.here import check_here
from grading.messages import Message
from grading.solution import ROOT, NoSuchSolution, Solution, find_solution


def run_pytest(*options: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    environment = os.environ | {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )


def test_untouched_exercises_are_not_attempted_and_not_a_success():
    done = run_pytest("--solution=exercises")
    assert done.returncode == 1
    assert f"{len(_facts())} not attempted" in done.stdout
    assert "FAILURES" not in done.stdout
    assert "Traceback" not in done.stdout
    assert re.search(r"total +0/100", done.stdout)
    assert re.search(r"next +open exercises/actor_critic_step.py:\d+", done.stdout)
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_one_missing_return_is_one_failure(submit):
    source = (ROOT / "reference/collect_episode.py").read_text("utf-8")
    submission = submit(collect_episode=source.replace("    return states", "    states"))
    done = run_pytest(f"--solution={submission}", "-m", "not learning")
    assert done.returncode == 1
    assert done.stdout.count("Diagnosis:") == 1
    assert "1 failed" in done.stdout
    assert "waiting" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_a_check_asked_for_alone_speaks_for_itself(submit):
    submission = submit(actor_critic_step="def actor_critic_step(*a):\n    return 1 / 0\n")
    done = run_pytest(f"--solution={submission}", "-k", "three_calls")
    assert "ZeroDivisionError" in done.stdout
    assert "exercises/actor_critic_step.py:2 in actor_critic_step" in done.stdout


def test_the_debugger_opens_in_the_students_frame(submit):
    submission = submit(actor_critic_step="def actor_critic_step(*a):\n    mine = 42\n    1 / 0\n")
    command = [sys.executable, "-m", "pytest", f"--solution={submission}", "--pdb", "-x"]
    done = subprocess.run(
        command, input="print('mine is', mine)\nq\n", capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert "mine is 42" in done.stdout


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--solution=nowhere", "no such submission"),
        ("--solution=grading", "holds no exercises/"),
        ("--case-seed=-1", "must not be negative"),
        ("--device=tpu", "invalid choice"),
    ],
)
def test_bad_options_are_usage_errors(option, says):
    done = run_pytest(option)
    assert done.returncode == 4
    assert says in done.stderr


def test_cuda_is_asked_for_in_vain_with_a_clear_line():
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    done = run_pytest("--device=cuda")
    assert done.returncode == 4
    assert "torch sees no CUDA device" in done.stderr


def test_time_limits_can_be_shortened(submit):
    slow = "import time\ndef actor_critic_step(*_):\n    time.sleep(5)\n"
    submission = submit(actor_critic_step=slow)
    done = run_pytest(f"--solution={submission}", "--time-factor=0.05", "-k", "two_finite")
    assert "still running after 1 seconds" in done.stdout


def test_the_points_are_those_of_the_contract():
    listed = run_pytest("--collect-only", "-q")
    assert listed.returncode == 0
    facts = _facts()
    points = {}
    for one in facts:
        points[one.exercise] = points.get(one.exercise, 0) + one.points
    assert {
        "actor_critic_step": 45,
        "collect_episode": 35,
        "learning": 20,
        "challenges/shared_backbone": 20,
    }.items() <= points.items()
    assert sum(one.points for one in facts if not one.bonus) == 100
    assert len({one.id for one in facts}) == len(facts)


def test_what_a_check_needs_comes_before_it():
    seen: set[str] = set()
    for one in _facts():
        assert set(one.needs) <= seen
        seen.add(one.id)


def _facts():
    return check_here("reference", "--collect-only").checks


def test_a_check_needs_a_title_and_whole_points():
    with pytest.raises(ValueError, match="docstring"):
        check("x/y", points=1)(lambda: None)
    with pytest.raises(ValueError, match="points"):
        check("x/y", points=1.5)


def test_a_message_puts_the_cause_first_and_leaves_out_what_is_empty():
    text = str(Message("it is wrong.", got="1", read="returns", detail="as it is\n  stands"))
    assert text.splitlines() == [
        "Diagnosis: it is wrong.",
        "  as it is",
        "    stands",
        "  got       1",
        "  read      exercises/README.md#returns",
    ]


def test_a_solution_is_found_by_name_or_path(submit, tmp_path):
    assert find_solution("reference") == ROOT / "reference"
    submission = submit()
    assert find_solution(str(submission)) == submission / "exercises"
    with pytest.raises(NoSuchSolution, match="no such submission"):
        find_solution(str(tmp_path / "nowhere"))


def test_files_of_a_submission_see_each_other(submit):
    submission = submit(
        helper="def three():\n    return 3\n",
        actor_critic_step="from exercises.helper import three\n\n"
        "def actor_critic_step():\n    return three()\n",
    )
    solution = Solution(find_solution(str(submission)), package="exercises")
    assert solution.function("actor_critic_step", "actor_critic_step")() == 3
