"""Whatever is handed in: a one-line cause, a score for the rest, never a crash."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grading import session
from grading.errors import GraderError
from grading.solution import ROOT

STEP = "actor_critic_step"
COLLECT = "collect_episode"
SIGNATURE = (
    "def actor_critic_step(actor, critic, actor_optimizer, critic_optimizer, "
    "states, log_probs, rewards):\n"
)
COLLECT_SIGNATURE = "def collect_episode_with_values(env, actor, critic):\n"


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grading", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


# Each line: what is wrong, the file's content, the status and the first line of its first check.
BAD = {
    "missing": (None, "error", "is missing"),
    "syntax error": ("def (\n", "error", "does not parse: .*line 1"),
    "null bytes": ("x = 1\0\n", "error", "null bytes"),
    "absent package": ("import no_such_package\n", "error", "imports 'no_such_package', which"),
    "misspelt": (SIGNATURE.replace("_step", "_stepp") + "    pass\n", "error", "is it misspelt"),
    "not a function": ("actor_critic_step = 3\n", "error", "is int, not a function"),
    "wrong parameters": (
        "def actor_critic_step(actor, critic):\n    pass\n",
        "error",
        "cannot take the 7 arguments",
    ),
    "returns None": (SIGNATURE + "    pass\n", "failed", "nothing is returned; and neither"),
    "returns three values": (SIGNATURE + "    return 1.0, 2.0, 3.0\n", "failed", "two losses"),
    "raises inside": (SIGNATURE + "    return 1 / 0\n", "error", "ZeroDivisionError"),
    "sys.exit": (SIGNATURE + "    raise SystemExit(0)\n", "error", r"sys.exit\(\) was called"),
    "sys.exit at import": ("import sys\nsys.exit(0)\n", "error", r"sys.exit\(\) was called"),
    "NaN": (SIGNATURE + "    return float('nan'), 1.0\n", "failed", "not a finite number"),
    "not UTF-8": ("# caf\xe9\n".encode("latin-1"), "error", "not text in UTF-8"),
    "deep recursion": (
        SIGNATURE + "    return actor_critic_step(*[0] * 7)\n",
        "error",
        "Recursion",
    ),
    "too large": ("#" * 1_000_001, "error", "larger than a megabyte"),
    "raises a BaseException": (SIGNATURE + "    raise GeneratorExit\n", "error", "GeneratorExit"),
    "skips": (SIGNATURE + "    import pytest; pytest.skip('no')\n", "error", "Skipped: no"),
    "ends the process": (SIGNATURE + "    import os; os._exit(0)\n", "error", "ended the whole"),
    "ends the process at import": ("import os; os._exit(0)\n", "error", "ended the whole"),
}


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_file_costs_its_own_exercise_and_says_why(wrong, submit, grade):
    content, status, cause = BAD[wrong]
    results = grade(submit(**{STEP: content}))
    first = results["actor_critic_step/runs"]
    assert first.status == status
    assert first.message.splitlines()[0].startswith("Diagnosis: ")
    assert re.search(cause, " ".join(first.message.split()))
    assert max(map(len, first.message.splitlines())) <= 100
    own = [r for r in results.values() if r.exercise == "actor_critic_step"]
    assert sum(r.points for r in own) == 0
    assert all(r.waits_for == "actor_critic_step/runs" for r in own[1:])
    rest = [r for r in results.values() if r.exercise == "collect_episode"]
    assert sum(r.points for r in rest) == 35


@pytest.mark.parametrize(
    "content",
    [
        "while True:\n    pass\n",
        COLLECT_SIGNATURE + "    while True:\n        pass\n",
        COLLECT_SIGNATURE
        + "    while True:\n        try:\n            while True:\n                pass\n"
        + "        except BaseException:\n            pass\n",
    ],
    ids=["at import", "in a call", "catching everything"],
)
def test_an_endless_loop_costs_its_own_exercise(content, submit, grade):
    results = grade(submit(**{COLLECT: content}))
    first = results["collect_episode/runs"]
    assert first.status == "timeout"
    assert "still running" in first.message
    assert sum(r.points for r in results.values() if r.exercise == "collect_episode") == 0
    assert sum(r.points for r in results.values() if r.exercise == "actor_critic_step") == 45


def test_a_large_print_is_cut(submit):
    loud = SIGNATURE + "    print('x' * 50_000_000)\n    return 1.0, 2.0\n"
    submission = submit(**{STEP: loud})
    done = cli("grade", str(submission), "--isolation", "none", "--skip", "learning")
    assert done.returncode == 0
    assert len(done.stdout) < 20_000
    command = [sys.executable, "-m", "pytest", f"--solution={submission}", "-m", "not learning"]
    pytest_run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert "and more: 20,0" in pytest_run.stdout
    assert len(pytest_run.stdout) < 50_000


def test_settings_and_conftest_of_a_submission_are_not_read(submit, grade):
    submission = submit()
    (submission / "conftest.py").write_text("raise RuntimeError('read')\n")
    (submission / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (submission / "exercises" / "conftest.py").write_text("raise RuntimeError('read')\n")
    (submission / "torch.py").write_text("raise RuntimeError('read')\n")
    assert sum(r.points for r in grade(submission).values() if not r.bonus) == 80


def test_a_symlink_is_not_followed(submit, grade):
    submission = submit(**{STEP: None})
    (submission / "exercises" / f"{STEP}.py").symlink_to(ROOT / "reference" / f"{STEP}.py")
    results = grade(submission)
    assert "symbolic link" in results["actor_critic_step/runs"].message
    assert sum(r.points for r in results.values() if not r.bonus) == 35


def test_a_symlinked_folder_is_no_submission(tmp_path):
    (tmp_path / "exercises").symlink_to(ROOT / "reference")
    done = cli("grade", str(tmp_path), "--isolation", "none")
    assert done.returncode == 2
    assert "symbolic link" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["grade", "no/such/folder"], 2, "no such submission"),
        (["grade", "grading"], 2, "holds no exercises/ folder"),
        (["grade", ".", "--no-such-option"], 2, "unrecognized arguments"),
        (["grade", ".", "--seed", "-1"], 2, "--seed"),
        (["grade", ".", "--seed", "many"], 2, "--seed"),
        (["grade", ".", "--isolation", "none", "--json", "no/folder/g.json"], 2, "no folder"),
        (["grade"], 2, "required"),
        ([], 2, "required"),
    ],
)
def test_bad_arguments_are_told_apart_from_a_grader_that_cannot_work(arguments, status, says):
    done = cli(*arguments)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_grade_is_written_whole_and_stamped(submit, tmp_path):
    file = tmp_path / "grade.json"
    done = cli(
        "grade",
        str(submit(**{COLLECT: "def (\n"})),
        "--isolation=none",
        "--skip=learning",
        f"--json={file}",
        "--seed=7",
    )
    assert done.returncode == 0
    assert "Advisory" in done.stdout
    assert "\x1b" not in done.stdout
    grade = json.loads(file.read_text())
    assert grade["schema"] == "actor-critic-grade/1"
    assert (grade["score"], grade["max_score"]) == (45, 80)
    assert grade["provenance"]["isolation"] == "none"
    assert grade["provenance"]["seed"] == 7
    assert set(grade["provenance"]["versions"]) >= {"python", "torch", "gymnasium", "numpy"}
    assert list(tmp_path.glob(".*partial")) == []


def test_an_internal_error_is_no_grade_either(monkeypatch, submit, tmp_path):
    shutil.copytree(ROOT, tmp_path / "course", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    plugin = tmp_path / "course" / "grading" / "plugin.py"
    broken = plugin.read_text("utf-8").replace(
        "    report = yield\n", "    report = yield\n    1 / 0\n"
    )
    plugin.write_text(broken, "utf-8")
    monkeypatch.setattr(session, "ROOT", tmp_path / "course")
    with pytest.raises(GraderError, match="ZeroDivisionError"):
        session.run_checks(session.Request(str(submit())))


def test_a_fault_of_the_grader_is_no_grade(monkeypatch, submit):
    monkeypatch.setattr(session, "ROOT", Path("/"))
    with pytest.raises(GraderError, match="could not be run"):
        session.run_checks(session.Request(str(submit())))


def test_a_search_that_is_cut_off_by_the_time_limit_names_nothing(monkeypatch, trials_of):
    def out_of_time(*_):
        pytest.fail("Timeout (>20.0s) from pytest-timeout.")

    monkeypatch.setattr("grading.trials.diagnose", out_of_time)
    assert trials_of(STEP).mistakes == ()


@pytest.mark.parametrize("only_isolated", [True, False])
def test_a_check_that_goes_wrong_is_the_submissions_fault_only_if_the_reference_passes(
    only_isolated, monkeypatch, submit, tmp_path
):
    shutil.copytree(ROOT, tmp_path / "course", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    checks = tmp_path / "course" / "tests" / "test_actor_critic_step.py"
    title = '    """It takes an episode and returns two finite Python floats."""\n'
    when = "'Remote' in repr(trials.play)" if only_isolated else "True"
    source = checks.read_text("utf-8")
    assert title in source
    checks.write_text(source.replace(title, f"{title}    assert not {when}\n"), "utf-8")
    monkeypatch.setattr(session, "ROOT", tmp_path / "course")
    request = session.Request(str(submit()), skip_learning=True, isolated=True)
    if not only_isolated:
        with pytest.raises(GraderError, match="itself went wrong"):
            session.run_checks(request)
        return
    results = {result.id: result for result in session.run_checks(request)}
    runs = results.pop("actor_critic_step/runs")
    assert (runs.status, runs.points) == ("error", 0)
    assert "cannot be judged" in runs.message
    assert all(result.status == "passed" for result in results.values() if not result.waits_for)
    assert len(results) > 20
