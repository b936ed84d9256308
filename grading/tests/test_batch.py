"""A class: every submission gets its own grade, whatever becomes of the others."""

import argparse
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grading import batch
from grading.__main__ import main
from grading.batch import BadClass, Job, grade_job, read_grade, submissions
from grading.commands.grade import add_terms, terms
from grading.errors import GraderError
from grading.grade import CheckResult, Grade, to_mend
from grading.likeness import alike, fingerprint
from grading.roster import BadRoster, Student, owner, read_roster, without_submission
from grading.seeds import SECRET
from grading.solution import ROOT, NoSuchSolution, find_solution
from grading.submission import Terms, grade_submission

FAST = Terms(isolated=False, skip_learning=True)


@pytest.fixture
def class_dir(tmp_path):
    """A class of three, quickly graded, and of one who handed in an empty folder."""
    folder = tmp_path / "hw-submissions"
    for name in ("hw-ada", "hw-bob", "hw-carl"):
        (folder / name / "exercises").mkdir(parents=True)
        (folder / name / "exercises" / "collect_episode.py").write_text(f"x = '{name}'\n")
    (folder / "hw-empty").mkdir()
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def graded(monkeypatch):
    """Grades without running anything; the names of those that were graded."""
    names = []

    def grade(submission, terms, progress=None, stop=None):
        exercises = find_solution(str(submission))
        names.append(submission.name)
        if submission.name == "hw-bob":
            raise GraderError("the grader is out of order")
        digest = batch.take_in(exercises).digest()
        check = CheckResult("a/b", "a", "It is", 4, 4, False, "passed", "")
        return Grade(submission.name, (check,), terms.provenance(digest))

    def nothing(submission, reason, terms):
        digest = batch.take_in(submission / "exercises").digest()
        check = CheckResult("a/b", "a", "It is", 0, 4, False, "error", str(reason))
        return Grade(submission.name, (check,), terms.provenance(digest))

    monkeypatch.setattr(batch, "grade_submission", grade)
    monkeypatch.setattr(batch, "grade_of_nothing", nothing)
    return names


def command(class_dir, *options):
    out = class_dir.parent / "out"
    return main(["batch", str(class_dir), "--out", str(out), "--isolation", "none", *options])


def test_each_subfolder_is_a_submission(class_dir):
    (class_dir / "link").symlink_to(class_dir / "hw-ada")
    assert [path.name for path in submissions(class_dir)] == [
        "hw-ada", "hw-bob", "hw-carl", "hw-empty"
    ]  # fmt: skip
    assert [path.name for path in submissions(class_dir, ["hw-bob"])] == ["hw-bob"]
    with pytest.raises(BadClass, match="hw-zoe"):
        submissions(class_dir, ["hw-zoe"])
    with pytest.raises(BadClass, match="no subfolders"):
        submissions(class_dir / "hw-empty")
    with pytest.raises(BadClass, match="not a folder"):
        submissions(class_dir / "nowhere")


def test_what_the_grader_cannot_do_stops_nobody_else(class_dir, graded, capsys):
    assert command(class_dir) == 3
    out = class_dir.parent / "out"
    assert read_grade(out / "hw-ada").score == 4
    assert read_grade(out / "hw-empty").score == 0
    assert "holds no exercises/" in (out / "hw-empty" / "feedback.md").read_text()
    assert read_grade(out / "hw-bob") is None
    assert "no grade for hw-bob: the grader is out of order" in capsys.readouterr().err
    page = (out / "class.html").read_text()
    assert "the grader is out of order" in page
    assert "holds no exercises/ folder" in page
    assert (out / "grades.csv").read_text().count("\n") == 5


def test_an_old_grade_does_not_pass_for_todays(class_dir, graded, monkeypatch):
    out = class_dir.parent / "out"
    monkeypatch.setattr(batch, "grade_submission", lambda s, *_, **__: Grade(s.name, (), {}))
    command(class_dir, "--only", "hw-bob")
    assert read_grade(out / "hw-bob") is not None
    monkeypatch.undo()
    monkeypatch.setattr(batch, "grade_submission", _out_of_order)
    command(class_dir, "--only", "hw-bob")
    assert read_grade(out / "hw-bob") is None


def _out_of_order(*_, **__):
    raise GraderError("out of order")


def test_resuming_grades_what_is_missing_or_has_changed(class_dir, graded):
    command(class_dir)
    graded.clear()
    (class_dir / "hw-carl" / "exercises" / "collect_episode.py").write_text("y = 2\n")
    command(class_dir, "--resume")
    assert sorted(graded) == ["hw-bob", "hw-carl"]
    graded.clear()
    command(class_dir, "--resume", "--skip", "learning")
    assert sorted(graded) == ["hw-ada", "hw-bob", "hw-carl"]
    graded.clear()
    command(class_dir)
    assert sorted(graded) == ["hw-ada", "hw-bob", "hw-carl"]


def test_what_an_engine_runs_twice_is_graded_once(class_dir, graded):
    job = Job(str(class_dir / "hw-ada"), str(class_dir.parent / "out" / "hw-ada"), FAST, "batch-1")
    assert [grade_job(job), grade_job(job)] == ["", ""]
    assert graded == ["hw-ada"]


def test_half_a_grade_is_none(tmp_path):
    assert read_grade(tmp_path) is None
    (tmp_path / "grade.json").write_text('{"schema": "actor-cri')
    assert read_grade(tmp_path) is None


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--workers", "0"], 2),
        (["--only", "nobody"], 2),
        (["--roster", "nowhere.csv"], 2),
        (["--scheduler", "tcp://127.0.0.1:1"], 3),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_graded(options, status, class_dir, graded):
    assert command(class_dir, *options) == status
    assert not graded


def test_the_output_must_not_be_taken_for_a_submission(class_dir, graded):
    assert main(["batch", str(class_dir), "--out", str(class_dir / "out")]) == 2
    assert not (class_dir / "out").exists()


def test_an_empty_submission_has_every_check_and_no_points(tmp_path):
    with pytest.raises(NoSuchSolution):
        grade_submission(tmp_path, FAST)
    job = Job(str(tmp_path / "gone"), str(tmp_path / "out"), FAST, "b")
    assert grade_job(job) == ""
    grade = read_grade(tmp_path / "out")
    assert (grade.score, grade.max_score) == (0, 80)
    assert "not a folder" in grade.checks[0].message
    assert [check.id for check in to_mend(grade.checks)] == [grade.checks[0].id]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_batch_that_is_cut_short_keeps_what_is_finished_and_goes_on(how, tmp_path):
    """The first is quick; the second never ends."""
    class_dir, out = tmp_path / "class", tmp_path / "out"
    for name, source in (("a-quick", ""), ("b-endless", "while True: pass\n")):
        (class_dir / name / "exercises").mkdir(parents=True)
        (class_dir / name / "exercises" / "actor_critic_step.py").write_text(source)
        (class_dir / name / "exercises" / "collect_episode.py").write_text(source)
    line = [sys.executable, "-m", "grading", "batch", str(class_dir), "--out", str(out)]
    line += ["--isolation", "none", "--skip", "learning", "--workers", "1"]
    with subprocess.Popen(
        line,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have turned Ctrl-C off for all they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        deadline = time.monotonic() + 60
        while not (out / "a-quick" / "grade.json").is_file():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(how)
        _, said = process.communicate(timeout=30)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[how]
    assert read_grade(out / "a-quick") is not None
    assert read_grade(out / "b-endless") is None
    if how != signal.SIGKILL:
        assert (out / "class.html").is_file()
    if how == signal.SIGINT:
        assert "1 of 2 done; the same command with --resume goes on" in said
    made = (out / "a-quick" / "grade.json").stat().st_mtime_ns
    job = Job(str(class_dir / "a-quick"), str(out / "a-quick"), FAST, "next", resume=True)
    assert grade_job(job) == ""
    assert (out / "a-quick" / "grade.json").stat().st_mtime_ns == made


# -- who is who


def write(path, text):
    path.write_text(text, "utf-8-sig")
    return path


def test_rosters_of_both_kinds_are_read(tmp_path):
    one = write(
        tmp_path / "a.csv",
        'identifier,github_username,github_id,name\n"u1","ada-l","7","Ada"\n"u2","","",""\n',
    )
    assert read_roster(one) == [Student("ada-l", "u1", "Ada"), Student("", "u2")]
    two = write(
        tmp_path / "b.csv",
        "username,first_name,last_name,email,section,github_id,role\n"
        "ada-l,Ada,Lovelace,ada@x,A,7,student\nprof,P,Q,p@x,,8,instructor\n",
    )
    assert read_roster(two) == [Student("ada-l", "", "Ada Lovelace", "ada@x", "A")]


@pytest.mark.parametrize("text", ["", "name,mail\nx,y\n", 'identifier,github_username\n"a'])
def test_what_is_no_roster_is_refused(text, tmp_path):
    with pytest.raises(BadRoster):
        read_roster(write(tmp_path / "r.csv", text))
    with pytest.raises(BadRoster):
        read_roster(tmp_path / "nowhere.csv")


def test_repositories_are_known_by_the_username_they_end_with():
    roster = [Student("ada"), Student("x-ada"), Student("Bob"), Student(""), Student("twin", "1")]
    roster.append(Student("twin", "2"))
    whose = {
        "hw-ada": "ada",
        "rl-hw-x-ada": "x-ada",
        "hw-bob": "Bob",
        "BOB": "Bob",
        "hw-adab": None,
        "hw-twin": None,
        "hw-": None,
    }
    for name, username in whose.items():
        student = owner(name, roster)
        assert (student.username if student else None) == username
    assert [s.username for s in without_submission(roster[:3], ["hw-ada"])] == ["x-ada", "Bob"]


# -- the same text


def test_names_comments_and_layout_make_no_difference():
    one = b"def f(a, b):\n    '''Add.'''\n    total = a + b  # sum\n    return float(total)\n"
    two = b"def g(x, y):\n\n  s = x + \\\n      y\n  return float(s)\n"
    other = b"def g(x, y):\n  s = x - y\n  return float(s)\n"
    assert fingerprint(one) == fingerprint(two) != fingerprint(other)


@pytest.mark.parametrize(
    "source",
    [b"'''", b"\xff\xfe", b"# coding: nonsense\nx", b"(" * 100_000, b"  x\n y"],
)
def test_what_is_not_python_is_compared_as_it_is(source):
    assert fingerprint(source) == fingerprint(source) != fingerprint(source + b"#")


def test_groups_of_the_same_text_are_found_for_each_file():
    a, b = b"x = 1\n", b"x = [1]\n"
    found = alike({"p": {"m.py": a, "n.py": a}, "q": {"m.py": a}, "r": {"m.py": a, "n.py": b}})
    assert [(one.files, one.submissions) for one in found] == [(("m.py",), ("p", "q", "r"))]


# -- a cluster


def test_the_secret_goes_where_the_submission_is_graded(monkeypatch):
    """Elsewhere nobody has set the variable."""
    monkeypatch.setenv(SECRET, "mine")
    parser = argparse.ArgumentParser()
    add_terms(parser)
    how = terms(parser.parse_args(["--isolation", "none"]))
    monkeypatch.delenv(SECRET)
    job = pickle.loads(pickle.dumps(Job("submission", "out", replace(how, isolated=True), "id")))
    assert job.terms.request(Path(job.submission)).secret == "mine"
    assert "mine" not in repr(job)


CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    how = dict(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with LocalCluster(processes=True, **how) as c:
        print(c.scheduler_address, *(w.pid for w in c.workers.values()), flush=True)
        sys.stdin.read()
"""


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_loses_no_submission(tmp_path):
    pytest.importorskip("distributed")
    class_dir, out = tmp_path / "class", tmp_path / "out"
    for number in range(8):
        (class_dir / f"s{number}" / "exercises").mkdir(parents=True)
        file = class_dir / f"s{number}" / "exercises" / "actor_critic_step.py"
        file.write_text(f"import time\ntime.sleep(2)\nnumber = {number}\n")
    (tmp_path / "cluster.py").write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, "cluster.py"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as cluster:  # fmt: skip
        address, first, _ = cluster.stdout.readline().split()
        line = [sys.executable, "-m", "grading", "batch", str(class_dir), "--out", str(out)]
        line += ["--isolation", "none", "--skip", "learning", "--scheduler", address]
        with subprocess.Popen(line, cwd=ROOT) as grading:
            deadline = time.monotonic() + 120
            while not list(out.glob("*/grade.json")):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            os.kill(_worker_below(int(first)), signal.SIGKILL)
            finished = {p: p.stat().st_mtime_ns for p in out.glob("*/grade.json")}
            assert grading.wait(timeout=240) == 0
        cluster.stdin.close()
    assert len(list(out.glob("*/grade.json"))) == 8
    assert all(path.stat().st_mtime_ns == made for path, made in finished.items())


def _worker_below(nanny):
    children = Path(f"/proc/{nanny}/task/{nanny}/children").read_text().split()
    return int(children[0]) if children else nanny
