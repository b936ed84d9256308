"""`python -m lesson`: what a student runs beside `pytest`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from grading.solution import ROOT
from lesson import lander, watch
from lesson.__main__ import main
from lesson.comparison import difference, estimate, interquartile_mean, smooth, table, train_all
from lesson.errors import LessonError
from lesson.history import explained_variance
from lesson.methods import METHODS
from lesson.solutions import load
from lesson.stacked import Settings

REFERENCE = ["train", "--solution", "reference", "--device", "cpu"]

# -- train


def test_training_keeps_history_weights_figures_and_a_film(tmp_path, capsys):
    assert main([*REFERENCE, "--episodes", "25", "--seed", "3", "--out", str(tmp_path)]) == 0
    history = json.loads((tmp_path / "history.json").read_text("utf-8"))
    for name in ("rewards", "actor_losses", "critic_losses", "explained_variance", "seconds"):
        assert len(history[name]) == 25
    assert history["seed"] == 3
    weights = load_file(tmp_path / "weights.safetensors")
    assert weights["actor.output.weight"].shape == (2, 128)
    assert weights["critic.output.weight"].shape == (1, 128)
    for name in ("training.png", "landscape.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 800
    with Image.open(tmp_path / "agents.gif") as film:
        assert film.n_frames > 100
        assert film.size == (600, 224)
    said = capsys.readouterr().out
    assert "torch 2" in said
    assert "seed 3" in said
    assert "agents.gif" in said


def test_a_seed_gives_the_same_training(tmp_path):
    for name in ("one", "other"):
        main([*REFERENCE, "--episodes", "3", "--out", str(tmp_path / name)])
    one, other = (
        json.loads((tmp_path / name / "history.json").read_text("utf-8"))
        for name in ("one", "other")
    )
    assert one["actor_losses"] == other["actor_losses"]


def test_a_stub_says_what_to_do(capsys):
    assert main(["train", "--solution", "exercises"]) == 2
    error = capsys.readouterr().err
    assert "collect_episode_with_values is not written yet" in error
    assert "open exercises/collect_episode.py:" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--solution", "nowhere"], "there is no solution 'nowhere'"),
        (["compare", "--methods", "ppo"], "no method ppo: there are reinforce"),
        (["compare", "--env", "NoSuch-v0", "--runs", "1"], "cannot train on NoSuch-v0"),
        (["compare", "--env", "Pendulum-v1", "--runs", "1"], "discrete actions"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_ctrl_c_keeps_what_there_is(tmp_path):
    command = [sys.executable, "-m", "lesson", *REFERENCE, "--episodes", "100000"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    seen = ""
    while "reward" not in seen:  # the progress line of an episode
        seen += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    said, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert "what there is, is kept" in said
    history = json.loads((tmp_path / "history.json").read_text("utf-8"))
    assert len(history["rewards"]) >= 1
    assert (tmp_path / "agents.gif").is_file()


# -- solutions


def test_solutions_of_the_same_name_are_kept_apart(tmp_path):
    for name in ("one", "other"):
        shutil.copytree(ROOT / "reference", tmp_path / name / "exercises")
        file = tmp_path / name / "exercises" / "actor_critic_step.py"
        file.write_text(f"def actor_critic_step(): return {name!r}\n", "utf-8")
    found = [load(str(tmp_path / name))[0]() for name in ("one", "other", "one")]
    assert found == ["one", "other", "one"]


def test_a_function_that_is_missing_is_named(tmp_path):
    shutil.copytree(ROOT / "reference", tmp_path / "exercises")
    (tmp_path / "exercises" / "collect_episode.py").write_text("", "utf-8")
    with pytest.raises(LessonError, match="defines no function collect_episode_with_values"):
        load(str(tmp_path))


# -- land


def test_landing_tells_of_each_run_and_keeps_curves_and_a_film(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lander, "BUDGET", 1500)
    arguments = ["land", "--solution", "reference", "--runs", "2", "--out", str(tmp_path)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert re.search(r"^  1 +\d+ +-\d+ +-\d+ *$", said, re.M)
    assert "0 of 2 runs land" in said
    with Image.open(tmp_path / "returns.png") as picture:
        assert picture.width > 800
    with Image.open(tmp_path / "lander.gif") as film:
        assert film.n_frames > 50


def test_a_plan_that_cannot_be_trained_is_not_trained(tmp_path, capsys):
    written = (ROOT / "reference" / "challenges" / "lunar_lander.py").read_text("utf-8")
    of_folder(tmp_path, lunar_lander=written.replace("actor_lr=0.005", "actor_lr=-1.0"))
    assert main(["land", "--solution", str(tmp_path)]) == 2
    assert "this plan cannot be trained: actor_lr" in capsys.readouterr().err


# -- hunt

ASKS_FOR_NOTHING = """
def is_correct(step):
    step()
"""


def of_folder(folder, **challenges):
    """Makes a solution of exercise 1 and of challenges."""
    (folder / "challenges").mkdir()
    for name in ("actor_critic_step", "collect_episode"):
        shutil.copy(ROOT / "reference" / f"{name}.py", folder)
    for name, source in challenges.items():
        (folder / "challenges" / f"{name}.py").write_text(source, "utf-8")


def test_a_hunt_shows_what_a_test_says_of_each_step(capsys):
    assert main(["hunt", "--solution", "reference"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in said[1:5]] == ["faulty"] * 4
    assert re.fullmatch(r"your actor_critic_step +right +right", said[5])
    assert "These are easy ones" in " ".join(said[6:])


CANNOT_BE_SENT = """
from torch.optim import RMSprop
from lesson import Actor, Critic

def is_correct(step):
    actor, critic = Actor(4, 2), Critic(4)
    try:
        step(actor, critic, *(RMSprop(n.parameters()) for n in (actor, critic)), [], [], [])
    except TypeError:
        return False
    return True
"""


def test_a_hunt_says_which_calls_cannot_be_made_elsewhere(tmp_path, capsys):
    of_folder(tmp_path, bug_hunt=CANNOT_BE_SENT)
    assert main(["hunt", "--solution", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("actor_optimizer: use torch.optim's SGD or Adam, not RMSprop") == 1
    assert "These are easy ones" not in said


@pytest.mark.parametrize(
    ("returns", "marked"),
    [("True", 4), ("False", 1), ("None", 5), ("torch.tensor(False)", 1), ("np.True_", 4)],
)
def test_wrong_answers_are_marked(returns, marked, tmp_path, capsys):
    source = f"import numpy as np\nimport torch\ndef is_correct(step):\n    return {returns}\n"
    of_folder(tmp_path, bug_hunt=source)
    assert main(["hunt", "--solution", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("<- wrong") == marked


def test_what_a_test_raises_is_shown(tmp_path, capsys):
    of_folder(tmp_path, bug_hunt=ASKS_FOR_NOTHING)
    assert main(["hunt", "--solution", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("raises TypeError") == 5
    assert 'bug_hunt.py", line 3, in is_correct' in said


def test_a_hunt_goes_without_exercise_one(tmp_path, capsys):
    written = (ROOT / "reference" / "challenges" / "bug_hunt.py").read_text("utf-8")
    of_folder(tmp_path, bug_hunt=written)
    shutil.copy(ROOT / "exercises" / "actor_critic_step.py", tmp_path)
    assert main(["hunt", "--solution", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "exercise 1 is not written yet" in said
    assert "your actor_critic_step" not in said


def test_a_hunt_without_a_test_says_what_to_do(capsys):
    assert main(["hunt"]) == 2
    assert "is_correct is not written yet" in capsys.readouterr().err


# -- compare


def test_comparing_writes_a_table_a_figure_and_the_rewards(tmp_path, capsys):
    arguments = ["compare", "--runs", "4", "--episodes", "30", "--out", str(tmp_path)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "REINFORCE with baseline" in said
    with np.load(tmp_path / "rewards.npz") as rewards:
        assert {name: rewards[name].shape for name in METHODS} == dict.fromkeys(METHODS, (4, 30))
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 800
    assert (tmp_path / "table.txt").read_text("utf-8").strip() in said


def test_other_environments_can_be_compared_too(tmp_path, capsys):
    arguments = ["compare", "--env", "Acrobot-v1", "--runs", "2", "--episodes", "2"]
    assert main([*arguments, "--methods", "actor-critic", "--out", str(tmp_path)]) == 0
    with np.load(tmp_path / "rewards.npz") as rewards:
        assert (rewards["actor-critic"] < 0).all()  # Acrobot takes 1 for each step


def test_methods_are_trained_the_same_by_any_number_of_workers():
    settings = Settings(5, 0.003, 0.01)
    names = ["reinforce", "actor-critic"]
    one, two = (train_all(names, 3, settings, workers=workers) for workers in (1, 2))
    for name in names:
        np.testing.assert_array_equal(one[name], two[name])


def test_smoothing_takes_the_last_episodes():
    rewards = np.arange(30.0)[None]
    np.testing.assert_allclose(smooth(rewards, 20)[0, 0], np.arange(20).mean())
    assert smooth(rewards, 20).shape == (1, 11)


def test_the_interquartile_mean_leaves_the_outer_quarters_out():
    assert interquartile_mean(np.array([-1000.0, 1, 2, 3, 4, 5, 6, 9000])) == pytest.approx(3.5)


def test_bands_cover_the_truth_about_as_often_as_they_say():
    random = np.random.default_rng(0)
    inside = 0
    for i in range(60):
        found = estimate(random.normal(10, 3, 64), seed=i)
        inside += bool(found.low <= 10 <= found.high)
    assert 50 <= inside <= 60


def test_a_difference_is_one_only_if_it_is():
    random = np.random.default_rng(0)
    one, other = random.normal(0, 1, (2, 64))
    same, more = difference(one, other), difference(one + 3, other)
    assert same.low < 0 < same.high
    assert 2 < more.low < 3 < more.high < 4


def test_the_table_fits_eighty_columns():
    random = np.random.default_rng(0)
    rewards = {name: random.integers(0, 500, (8, 200)) for name in METHODS}
    assert max(map(len, table(rewards).splitlines())) <= 80


# -- explained variance


def test_explained_variance_of_perfect_constant_and_opposite_critics():
    returns = [1.0, 2.0, 3.0]
    assert explained_variance(returns, returns) == pytest.approx(1)
    assert explained_variance(returns, [7.0, 7.0, 7.0]) == pytest.approx(0)
    assert explained_variance(returns, [3.0, 2.0, 1.0]) == pytest.approx(-3)
    assert explained_variance([2.0], [1.0]) is None


# -- watch


def test_a_save_runs_the_fast_checks_of_what_changed(monkeypatch):
    ran = []
    saved = [{(1, str(ROOT / "exercises" / "collect_episode.py"))}]
    monkeypatch.setattr(watch, "watch", lambda *_, **__: iter(saved))
    monkeypatch.setattr(watch.subprocess, "run", lambda command, **_: ran.append(command[3:]))
    watch.watch_exercises()
    fast = ["-m", "not learning"]
    assert ran == [fast, [*fast, str(ROOT / "tests" / "test_collect_episode.py")]]


def test_watching_sees_a_file_that_is_saved(tmp_path):
    course = tmp_path / "course"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in tracked:
        if (ROOT / name).is_file():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, course / name)
    # What runs in the background of a shell ignores Ctrl-C, and so would what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "lesson", "watch"],
        cwd=course,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": str(course)},
    )
    signal.signal(signal.SIGINT, before)
    try:
        os.set_blocking(process.stdout.fileno(), False)

        def wait_for(text, seconds=90):
            found = b""
            deadline = time.monotonic() + seconds
            while text not in found and time.monotonic() < deadline:
                found += process.stdout.read() or b""
                time.sleep(0.1)
            assert text in found, found.decode()

        wait_for(b"watching exercises")
        file = course / "exercises" / "actor_critic_step.py"
        shutil.copy(ROOT / "reference" / "actor_critic_step.py", file)
        wait_for(b"45/45")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()
