"""The students' copy: everything they need, no answer, and the same things said."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from grading import scorecard
from grading.bank.pipeline import pipelines
from grading.evidence import Chances, Decided, Measured, Said, Sketch, Unknown
from grading.handout import bundles, maker, recorder
from grading.handout.maker import NotEmpty, make
from grading.here import checks_of
from grading.recorded.facts import packed, unpacked
from grading.scorecard import Trial
from grading.solution import ROOT
from grading.stubs import BEGIN, END

HUNT = "challenges/bug_hunt"


def firsts(pipeline):
    """The first forms of a few mistakes of each exercise."""
    return [mistake.forms[0].name for mistake in list(pipeline.mistakes.values())[::12]]


def too_long(pipeline):
    """A mistake that draws more actions than its case lasts."""
    return ["end_after_two"] if "collect_episode/end_after_two" in pipeline.mistakes else []


def answerless(pipeline):
    """A test of steps that shows its mistake on the examples, which a handout has."""
    return ["returns_nothing"] if pipeline.exercise == HUNT else []


def few(pipeline):
    """What is recorded here."""
    names = (*firsts(pipeline), *too_long(pipeline), *answerless(pipeline))
    return [(), *((name,) for name in names)]


@pytest.fixture(scope="module")
def handout(tmp_path_factory):
    out = tmp_path_factory.mktemp("handout") / "course"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "solutions", few)
        make(out, scorecard.checks(), os.cpu_count() or 1, lambda *_: None)
    for folder in (out, *out.parents[:1]):
        folder.chmod(0o755)
    return out


def run(folder, *command, **more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV"))}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        **more,
    )


def test_neither_reference_nor_bank_is_in_it(handout):
    names = {path.relative_to(handout).as_posix() for path in handout.rglob("*")}
    assert "exercises/actor_critic_step.py" in names
    for absent in ("bank", "tests", "handout", "calibration"):
        assert f"grading/{absent}" not in names
    assert "reference" not in names


def test_no_line_of_a_solution_is_in_it_or_in_its_history(handout):
    """Given code may need a line that a solution needs too."""
    given = (path.read_text("utf-8") for path in (ROOT / "lesson").glob("*.py"))
    shared = {line.strip() for text in given for line in text.splitlines()}
    lines = {
        line.strip()
        for path in (ROOT / "reference").rglob("*.py")
        for block in re.findall(f"{BEGIN}\n(.*?){END}", path.read_text("utf-8"), re.DOTALL)
        for line in block.splitlines()
    } - shared
    assert len(lines) > 10
    for path in handout.rglob("*"):
        if path.is_file() and ".git" not in path.relative_to(handout).parts:
            found = lines & {
                line.strip() for line in path.read_text("utf-8", "replace").splitlines()
            }
            assert found - {"", "#"} == set(), path
    log = subprocess.run(
        ["git", "log", "--all", "--format=%H"], cwd=handout, capture_output=True, check=True
    )
    assert len(log.stdout.split()) == 1


def test_every_module_of_it_can_be_imported(handout):
    modules = sorted(
        ".".join(path.relative_to(handout).with_suffix("").parts).removesuffix(".__init__")
        for top in ("grading", "lesson")
        for path in (handout / top).rglob("*.py")
        if path.name not in ("__main__.py", "worker.py")
    )
    done = run(handout, "-c", "import " + ", ".join(modules))
    assert done.returncode == 0, done.stderr


def test_the_stubs_are_not_attempted(handout):
    done = run(handout, "-m", "pytest")
    assert f"{len(scorecard.checks())} not attempted" in done.stdout
    assert "0/100" in done.stdout


def submit(folder):
    """The reference, handed in."""
    scorecard.copy_reference(folder / "exercises")
    return folder


def test_what_is_right_gets_all_points(handout, tmp_path):
    submit(tmp_path)
    grade = tmp_path / "grade.json"
    done = run(handout, "-m", "grading", "grade", str(tmp_path), "--json", str(grade))
    assert done.returncode == 0, done.stderr
    said = json.loads(grade.read_text())
    assert said["score"] == said["max_score"] == 100
    assert said["provenance"]["seed"] == 0


CHECK = """
import json, sys
from pathlib import Path
from tempfile import TemporaryDirectory
import pytest
sys.path.insert(0, ".")
from grading.record import Record
solution, tests = sys.argv[1:]
with TemporaryDirectory() as folder:
    record = Record(Path(folder) / "record.jsonl")
    options = [f"--solution={solution}", "--isolation=require", "--case-seed=0"]
    pytest.main([tests, f"--record={record.path}", *options, "-p", "no:cacheprovider"])
    record.read()
    Path(solution, "said.json").write_text(json.dumps([
        (r.id, r.status, r.points, r.message, r.diagnosis, r.waits_for) for r in record.settled()
    ]))
"""


def said_of(course, trial, folder):
    """What the checks of a course say of a trial, in a sandbox: the bank stays outside."""
    shutil.rmtree(folder, ignore_errors=True)
    scorecard.write_submission(trial, folder / "exercises", isolated=True)
    done = run(course, "-c", CHECK, str(folder), f"tests/{checks_of(trial.exercise).name}")
    assert (folder / "said.json").is_file(), done.stdout + done.stderr
    return json.loads((folder / "said.json").read_text())


SAMPLE = [
    Trial("mistake", pipeline.exercise, (name,))
    for pipeline in pipelines().values()
    if pipeline.exercise != HUNT
    for name in (*firsts(pipeline)[:2], *too_long(pipeline))
]


@pytest.mark.parametrize("trial", SAMPLE, ids=lambda trial: trial.names[0])
def test_it_says_of_a_mistake_what_the_full_course_says(trial, handout, tmp_path):
    theirs = said_of(handout, trial, tmp_path / "submission")
    assert theirs == said_of(ROOT, trial, tmp_path / "submission")
    assert [diagnosis for *_, diagnosis, _ in theirs if diagnosis]


def test_it_has_no_hidden_steps_and_says_so(handout, tmp_path):
    trial = Trial("mistake", HUNT, ("returns_nothing",))
    runs, *_ = said_of(handout, trial, tmp_path / "submission")
    assert runs[:3] == [f"{HUNT}/runs", "failed", 0]
    assert runs[4] == [f"{HUNT}/returns_nothing"]
    right = scorecard.variants()
    trial = next(trial for trial in right if trial.exercise == HUNT)
    found = {id_: (status, message) for id_, status, _, message, *_ in
             said_of(handout, trial, tmp_path / "submission")}  # fmt: skip
    status, message = found[f"{HUNT}/half"]
    assert status == "not_attempted"
    assert "your score comes from whoever grades you" in message
    assert not list(handout.rglob("*mistake*"))


@pytest.mark.slow
def test_it_says_of_everything_in_the_bank_what_the_full_course_says(tmp_path):
    """Takes an hour; a handout with all recordings has to be there: `nox -s handout`."""
    full = ROOT / "dist" / "handout"
    different = [
        trial.names
        for trial in (*scorecard.mistakes(), *scorecard.variants(), *scorecard.pairs(100))
        if trial.exercise != HUNT
        and said_of(full, trial, tmp_path / "submission")
        != said_of(ROOT, trial, tmp_path / "submission")
    ]
    assert different == []


def test_what_was_not_written_by_a_handout_is_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NotEmpty):
        make(tmp_path, [], 1, lambda *_: None)
    assert (tmp_path / "mine.txt").read_text() == "mine"


# -- the workflow


def steps(handout):
    """The workflow's, in their order."""
    yaml = pytest.importorskip("ruamel.yaml").YAML(typ="safe")
    return yaml.load((handout / maker.WORKFLOW).read_text("utf-8"))["jobs"]["grade"]["steps"]


def test_the_workflow_is_one_by_githubs_schema(handout):
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = run(handout, *command, str(handout / maker.WORKFLOW))
    assert done.returncode == 0, done.stdout + done.stderr


def linked(source, target):
    """A file's copy that takes no room, where that can be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@pytest.fixture
def runner(tmp_path):
    """A machine's variables: a python of its own, sudo that only notes what it is asked."""
    venv.create(tmp_path / "venv")
    (here,) = (tmp_path / "venv" / "lib").glob("python3.*/site-packages")
    # So that torch is not fetched anew.
    shutil.copytree(sysconfig.get_path("purelib"), here, copy_function=linked, dirs_exist_ok=True)
    sudo = tmp_path / "venv" / "bin" / "sudo"
    sudo.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path / "SUDO"}\n')
    sudo.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    files = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    return os.environ | files | {"PATH": f"{sudo.parent}:{os.environ['PATH']}"}


def test_the_workflows_commands_feed_the_reporter_and_the_summary(handout, tmp_path, runner):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(handout), str(clone)], check=True)
    *before, report = steps(clone)
    for step in before:
        if "run" in step:
            # The index that a step may name cannot be reached from everywhere.
            subprocess.run(["bash", "-e", "-c", step["run"]], cwd=clone, env=runner, check=True)
    assert "install -y -qq bubblewrap" in (tmp_path / "SUDO").read_text()
    written = Path(runner["GITHUB_OUTPUT"]).read_text()
    outputs = dict(line.split("=", 1) for line in written.splitlines())
    assert report["with"]["runners"].split(",") == list(outputs)
    assert report["env"] == {
        f"{name.upper()}_RESULTS": f"${{{{ steps.grade.outputs.{name} }}}}" for name in outputs
    }
    tests = [
        test for value in outputs.values() for test in json.loads(base64.b64decode(value))["tests"]
    ]
    assert len(tests) == 34
    assert "0 of 100 points" in Path(runner["GITHUB_STEP_SUMMARY"]).read_text()


def test_what_is_needed_is_what_the_course_needs(handout):
    mine = tomllib.loads((handout / "pyproject.toml").read_text())
    course = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(mine["project"]["dependencies"]) <= set(course["project"]["dependencies"])
    assert mine["tool"]["pytest"]["addopts"] == course["tool"]["pytest"]["addopts"]


# -- facts as bytes

FACTS = [
    Said(None),
    Said(("exception", "ValueError: x")),
    Said(frozenset({"b", "a"})),
    Said((("torch",), 3, True, 1.5)),
    Measured(np.array([1.0, np.nan, np.inf]), 1e-4, each=True),
    Measured(np.linspace(-3, 5, 200), 1e-3),
    Measured(np.full(200, np.nan), 1e-3),
    Chances((0.25, 0.5)),
    Decided(),
    Unknown(),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_that_was_recorded_is_the_same_sighting(fact):
    again = unpacked(packed(fact))
    assert again.agrees(fact)
    assert fact.agrees(again)


def test_a_sketch_tells_apart_what_the_numbers_tell_apart():
    lot = np.random.default_rng(0)
    for size in (65, 211, 5000):
        values = lot.normal(size=size)
        for relative in (3e-3, 1e-2, 0.1, 1.0):
            apart = lot.normal(size=size)
            apart *= relative * np.linalg.norm(values) / np.linalg.norm(apart)
            sketch = Sketch.of(Measured(values, 1e-3))
            assert sketch.agrees(Measured(values * (1 + 1e-6), 1e-3))
            assert not sketch.agrees(Measured(values + apart, 1e-3))
            assert not Measured(values + apart, 1e-3).agrees(sketch)
    assert not Sketch.of(Measured(values, 1e-3)).agrees(Measured(values[:-1], 1e-3))


# -- bundles


def test_classroom_50s_bundle_writes_a_result_and_installs_what_it_needs(
    handout, tmp_path, monkeypatch, classroom50_runner
):
    folder = bundles.classroom50(handout, tmp_path)
    assert not (folder / "course" / ".git").exists()
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    script = (
        "import runpy, sys\n"
        f"module = runpy.run_path({str(folder / 'autograder.py')!r})\n"
        "whole, asked = module['run'], []\n"
        "def run(*command, **environment):\n"
        "    asked.append(command)\n"
        "    if 'grading' in command:\n"
        "        whole(*command, **environment)\n"
        "module['main'].__globals__['run'] = run\n"
        "module['main']()\n"
        "assert asked[0][1:4] == ('-m', 'pip', 'install'), asked\n"
    )
    for name, value in classroom50_runner.items():
        monkeypatch.setenv(name, value)
    submit(checkout)
    done = run(checkout, "-c", script)
    assert done.returncode == 0, done.stderr
    assert json.loads((checkout / "result.json").read_text())["score"] == 100
    shutil.rmtree(checkout / "exercises")
    run(checkout, "-c", script)
    assert json.loads((checkout / "result.json").read_text())["score"] == 0


def test_gradescopes_zip_grades_two_files_with_the_full_course(tmp_path):
    with zipfile.ZipFile(bundles.gradescope(tmp_path)) as archive:
        names = archive.namelist()
        assert {"setup.sh", "run_autograder", "course/reference/actor_critic_step.py"} <= {*names}
        assert all(archive.getinfo(s).external_attr >> 16 == 0o755 for s in names[:2])
        archive.extractall(tmp_path / "source")
    for folder in ("venv/bin", "submission", "results"):
        (tmp_path / folder).mkdir(parents=True)
    python = tmp_path / "venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for path in (ROOT / "reference").glob("*.py"):
        shutil.copy(path, tmp_path / "submission")
    subprocess.run(
        ["bash", str(tmp_path / "source" / "run_autograder")],
        env=os.environ | {"AUTOGRADER": str(tmp_path)},
        check=True,
    )
    said = json.loads((tmp_path / "results" / "results.json").read_text())
    assert said["score"] == 100
    assert len(said["tests"]) == len(scorecard.checks())


def test_without_a_handout_there_is_no_bundle_of_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="nox -s handout"):
        bundles.classroom50(tmp_path, tmp_path)
