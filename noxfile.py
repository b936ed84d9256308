"""The sessions people run: `nox -s grade`, `nox -s tests`; `nox --list` shows all.

All sessions share one environment, `.venv`, so that torch is installed once. It is made anew
whenever the list of dependencies changes.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["grade"]

ROOT = Path(__file__).parent
VENV = ROOT / ".venv"


def course_python(session: nox.Session) -> str:
    """The python of the shared environment, which is made or mended first if need be."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / "installed.txt"
    project = nox.project.load_toml(ROOT / "pyproject.toml")
    wanted = [
        *project["project"]["dependencies"],
        *nox.project.dependency_groups(project, "dev"),
    ]
    constraints = (ROOT / "constraints.txt").read_bytes()
    digest = hashlib.sha256(repr((wanted, constraints, sys.version)).encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != digest:
        session.run(sys.executable, "-m", "venv", "--clear", str(VENV), external=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        session.run(*pip, "-c", "constraints.txt", *wanted, external=True)
        stamp.write_text(digest)
    return str(python)


def need_sandbox(session: nox.Session) -> None:
    """Bubblewrap, which pip cannot install; with the system's packages, if that asks nothing."""
    if shutil.which("bwrap") or sys.platform != "linux":
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        session.error("the sandbox needs bubblewrap: install it with the system's packages")
    session.run(*sudo, "apt-get", "update", "-qq", external=True)
    session.run(*sudo, "apt-get", "install", "-y", "-qq", "bubblewrap", external=True)


def run(session: nox.Session, *command: str) -> None:
    """Run `python COMMAND` in the shared environment."""
    session.run(course_python(session), *command, external=True)


def grade_working_tree(session: nox.Session, device: str) -> None:
    run(
        session,
        "-m",
        "grading",
        "grade",
        ".",
        "--isolation",
        "none",
        "--device",
        device,
        *session.posargs,
    )


@nox.session
def grade(session: nox.Session) -> None:
    """Grade exercises/ on the CPU; advisory, as the code is not isolated."""
    grade_working_tree(session, "cpu")


@nox.session(name="grade(cpu)")
def grade_cpu(session: nox.Session) -> None:
    """The same as grade."""
    grade_working_tree(session, "cpu")


@nox.session(name="grade(gpu)")
def grade_gpu(session: nox.Session) -> None:
    """Grade exercises/ with the networks on the GPU."""
    grade_working_tree(session, "cuda")


@nox.session
def tests(session: nox.Session) -> None:
    """Test the grader, then run the checks on the reference."""
    need_sandbox(session)
    fast = ["-W", "error", "-m", "not slow", "-n", "auto", "--dist", "loadfile", "grading/tests"]
    run(session, "-m", "pytest", *fast, *session.posargs)
    run(session, "-m", "pytest", "--solution", "reference")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting and types."""
    run(session, "-m", "ruff", "check", ".")
    run(session, "-m", "ruff", "format", "--check", ".")
    run(session, "-m", "mypy")


@nox.session
def stubs(session: nox.Session) -> None:
    """Write exercises/ from reference/; -- --check only compares."""
    run(session, "-m", "grading.stubs", *session.posargs)


@nox.session
def notebook(session: nox.Session) -> None:
    """Write exercises/lesson.ipynb from the lesson; -- --check only compares."""
    run(session, "-m", "lesson.notebook", *session.posargs)


@nox.session
def calibrate_lander(session: nox.Session) -> None:
    """How surely the reference's plan lands LunarLander, and which never do (an hour)."""
    run(session, "-m", "grading.calibration.lander", *session.posargs)


@nox.session
def figures(session: nox.Session) -> None:
    """Draw the lesson's figures from their data; -- --train makes the data anew (minutes)."""
    run(session, "-m", "lesson.figures", *session.posargs)


@nox.session
def watch(session: nox.Session) -> None:
    """On each save of an exercise, run its fast checks; Ctrl-C ends it."""
    run(session, "-m", "lesson", "watch")


@nox.session
def class_study(session: nox.Session) -> None:
    """A class of 120 from the bank, graded in one command, and one by one (an hour)."""
    need_sandbox(session)
    run(session, "-m", "grading.class_study", *session.posargs)


@nox.session
def handout(session: nox.Session) -> None:
    """Write the students' repository, with no answer in it, to dist/handout/ (16 minutes)."""
    run(session, "-m", "grading.handout", *session.posargs)


@nox.session
def bundle(session: nox.Session) -> None:
    """-- classroom50 (from dist/handout/) or -- gradescope: what the platform takes, in dist/."""
    run(session, "-m", "grading.handout.bundles", *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """A class on a Dask cluster that loses a worker (a minute)."""
    run(session, "-m", "pytest", "grading/tests/test_batch.py", "-k", "cluster", *session.posargs)


@nox.session
def scorecard(session: nox.Session) -> None:
    """How good the grader is, measured on its bank; writes grading/SCORECARD.md (half an hour)."""
    files = ["--markdown", "grading/SCORECARD.md", "--json", "grading/scorecard.json"]
    run(session, "-m", "grading", "scorecard", *files, *session.posargs)


@nox.session
def fairness(session: nox.Session) -> None:
    """Every honest alternative, on the cases of ten more seeds (minutes)."""
    run(session, "-m", "pytest", "grading/tests/test_bank.py", "-k", "other_cases")


@nox.session
def exploits(session: nox.Session) -> None:
    """Every hostile submission of the bank, in the sandbox; into the scorecard (20 minutes)."""
    need_sandbox(session)
    files = ["--markdown", "grading/SCORECARD.md", "--json", "grading/scorecard.json"]
    run(session, "-m", "grading", "scorecard", "--kind", "exploit", *files, *session.posargs)


@nox.session
def parity(session: nox.Session) -> None:
    """Every form of every mistake, in this process and in the sandbox (15 minutes)."""
    need_sandbox(session)
    run(session, "-m", "pytest", "grading/tests/test_isolation_parity.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """The trusted side of the wire under 100,000 malformed messages (minutes)."""
    session.env["FUZZ_MESSAGES"] = "100000"
    run(session, "-m", "pytest", "grading/tests/test_fuzzing.py", *session.posargs)


@nox.session
def isolation_cost(session: nox.Session) -> None:
    """What the sandbox costs, in time of a whole grade and of a step (minutes)."""
    need_sandbox(session)
    run(session, "-m", "grading.isolation.cost", *session.posargs)


@nox.session
def assertions(session: nox.Session) -> None:
    """Whether the bank notices each assertion of the checks that is taken out (ten minutes)."""
    run(session, "-m", "pytest", "grading/tests/test_assertions_matter.py", *session.posargs)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Speed of the learning check, the stacked trainer and the plain loop (ten minutes)."""
    run(session, "-m", "grading.benchmark", *session.posargs)


@nox.session
def calibrate(session: nox.Session) -> None:
    """The learning check's rule and its errors, from 150,000 runs (an hour and a half).

    -- --what shared_backbone: the same of the challenge's, from 77,000 runs (a quarter of an hour).
    """
    run(session, "-m", "grading.calibration", *session.posargs)


@nox.session
def gradings(session: nox.Session) -> None:
    """The learning check itself: 1,000 times the reference, 200 times each variant (hours)."""
    run(session, "-m", "grading.calibration.gradings", *session.posargs)


@nox.session
def gpu_checks(session: nox.Session) -> None:
    """Everything that only a GPU can show: parity with the CPU, and speed."""
    run(session, "-m", "grading.gpu_checks", *session.posargs)
