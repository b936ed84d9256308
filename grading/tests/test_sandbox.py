"""The sandbox holds, says so if it does not, and is never left out silently."""

import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grading.errors import GraderError
from grading.isolation import process, sandbox
from grading.isolation.canary import escapes, laid_out
from grading.isolation.process import Worker
from grading.isolation.sandbox import NoSandbox, require_sandbox
from grading.solution import ROOT


@pytest.fixture
def worker(tmp_path):
    """Starts workers on an empty folder, and stops them."""
    started = []

    def start():
        exercises = tmp_path / "exercises"
        exercises.mkdir(exist_ok=True)
        started.append(Worker(exercises, "cpu"))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def test_a_sandbox_holds_here(worker):
    """Without one there are no trustworthy grades: this fails where there is none, and must."""
    worker().require_ready()


def sharing(*options):
    """The command with further options after each `--unshare-all`."""
    return lambda command: [
        x for part in command for x in ([part, *options] if part == "--unshare-all" else [part])
    ]


def binding(option):
    """The command with the real folder of temporary files visible."""

    def bind(command):
        folder = tempfile.gettempdir()
        return [
            x
            for part in command
            for x in ([option, folder, folder, part] if part in ("--proc", "--bind") else [part])
        ]

    return bind


WEAKENED = {
    "connect to a port outside": sharing("--share-net"),
    "read a file outside": binding("--ro-bind"),
    "write outside": binding("--bind"),
}


@pytest.mark.parametrize("hole", WEAKENED)
def test_a_sandbox_with_a_hole_gives_no_grade(hole, worker, monkeypatch):
    whole = sandbox._command
    monkeypatch.setattr(sandbox, "_command", lambda *a, **o: WEAKENED[hole](whole(*a, **o)))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the bait lies in here, within everybody's reach
        monkeypatch.setattr(tempfile, "tempdir", folder)
        with pytest.raises(GraderError, match=f"does not hold: a worker could .*{hole}"):
            worker().require_ready()


def test_every_attempt_of_the_canary_can_succeed_where_there_is_no_sandbox():
    """Run outside, as whoever runs this: what it says about itself is not always the same."""
    script = (
        "from grading.isolation.canary import *\n"
        "with laid_out() as bait:\n"
        "    print(escapes(Bait(bait.file, bait.port, os.getppid())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    for what in (
        "read a file outside",
        "write outside",
        "write into the given code",
        "connect to a port outside",
        "read the memory of its parent",
        "see other processes",
    ):
        assert what in done.stdout
    assert not list(ROOT.rglob("written"))


def test_a_process_that_outlives_the_sandbox_is_noticed(worker, monkeypatch):
    one = worker()
    one.require_ready()
    drained = one._sandboxed._drained
    monkeypatch.setattr(drained, "is_alive", lambda: True)
    with pytest.raises(GraderError, match="outlived"):
        one.stop()
    monkeypatch.undo()
    one._sandboxed._process.stdout.close()


def test_nothing_is_left_of_a_worker_that_was_stopped(worker):
    one = worker()
    one.require_ready()
    children = processes_below(one._sandboxed._process.pid)
    assert children
    one.stop()
    deadline = time.monotonic() + 5
    while processes_below(one._sandboxed._process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes_below(one._sandboxed._process.pid)


ENDLESS = """
from pathlib import Path
Path("/proc/self/comm").write_text("endless")
while True:
    pass
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_endless_code_does_not_outlive_a_grader_that_is_killed(how, submit):
    submission = submit(actor_critic_step=ENDLESS)
    command = [sys.executable, "-m", "grading", "grade", str(submission)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as grader:
        deadline = time.monotonic() + 60
        while "endless" not in (started := processes_below(grader.pid)).values():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        grader.send_signal(how)
    deadline = time.monotonic() + 5
    while (left := started.keys() & processes().keys()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def processes():
    """Every process there is: (its id, when it began) -> (its name, its parent's id)."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            name, _, rest = stat.partition("(")[2].rpartition(")")
            fields = rest.split()
            found[int(folder.name), fields[19]] = name, int(fields[1])
    return found


def processes_below(root):
    """The names of those whose parents lead to a process."""
    found = processes()
    parents = {number: parent for (number, _), (_, parent) in found.items()}

    def leads_to_it(number):
        while number in parents:
            if number == root:
                return True
            number = parents[number]
        return False

    return {one: name for one, (name, _) in found.items() if leads_to_it(one[0])}


def test_a_worker_that_cannot_start_is_the_graders_fault(worker, monkeypatch):
    monkeypatch.setattr(process, "COURSE", Path("/nowhere"))
    one = worker()
    for _ in range(2):  # whoever asks again is told the same
        with pytest.raises(GraderError, match="could not be started"):
            one.require_ready()


# -- no sandbox to be had


def grade(*options, path=None, **environment):
    command = [sys.executable, "-m", "grading", "grade", "reference/..", *options]
    variables = os.environ | environment | ({} if path is None else {"PATH": str(path)})
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=variables, check=False
    )


def test_without_bubblewrap_there_is_no_grade_and_a_line_says_what_to_install(tmp_path):
    file = tmp_path / "grade.json"
    done = grade("--json", str(file), path=tmp_path)
    assert done.returncode == 3
    assert "apt-get install bubblewrap" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout
    assert not file.exists()


def test_where_user_namespaces_are_blocked_a_line_says_what_to_switch_on(tmp_path):
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    done = grade(path=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 3
    assert "setting up uid map: Permission denied" in done.stderr
    assert "apparmor_restrict_unprivileged_userns=0" in done.stderr


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_are_told_to_use_linux(system, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: system)
    require_sandbox.cache_clear()
    with pytest.raises(NoSandbox, match=f"needs Linux and bubblewrap, and this is {system}"):
        require_sandbox()
    require_sandbox.cache_clear()


def test_pytest_without_a_sandbox_is_a_usage_error(tmp_path):
    command = [sys.executable, "-m", "pytest", "--isolation", "require", "-q"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={"PATH": str(tmp_path)}, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "apt-get install bubblewrap" in done.stderr


def test_bait_is_gone_afterwards():
    with laid_out() as bait:
        assert Path(bait.file).is_file()
        assert escapes.__doc__
    assert not Path(bait.file).exists()
