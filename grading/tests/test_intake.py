"""Intake: regular files with the names of modules, and nothing else."""

import os
import socket
from pathlib import Path

import pytest

from grading.isolation import intake
from grading.isolation.intake import take_in
from grading.solution import ROOT


@pytest.fixture
def exercises(tmp_path):
    folder = tmp_path / "submission" / "exercises"
    folder.mkdir(parents=True)
    (folder / "good.py").write_text("x = 1\n")
    return folder


def test_modules_are_taken_in_and_copied(exercises):
    (exercises / "challenges").mkdir()
    (exercises / "challenges" / "more.py").write_bytes(b"\xff\x00")
    taken = take_in(exercises)
    assert taken.files == {"good.py": b"x = 1\n", "challenges/more.py": b"\xff\x00"}
    assert not taken.refused
    with taken.copied() as copy:
        found = {p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file()}
        assert found == set(taken.files)
        assert copy.name == "exercises"
        assert (copy / "good.py").stat().st_mode & 0o777 == 0o644
    assert not copy.exists()


def test_what_is_no_module_stays_where_it_is(exercises):
    for name in ("README.md", "pytest.ini", "not-a-name.py", "x.pyc", "a\n::error::.py", "1.py"):
        (exercises / name).write_text("x")
    for folder in ("__pycache__", ".git", "a b"):
        (exercises / folder).mkdir()
    (exercises / "__pycache__" / "good.cpython-311.pyc").write_bytes(b"x")
    (exercises.parent / "conftest.py").write_text("x")
    taken = take_in(exercises)
    assert set(taken.files) == {"good.py"}


def test_what_is_no_regular_file_is_refused_and_said_so(exercises, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (exercises / "link.py").symlink_to(secret)
    (exercises / "dangling.py").symlink_to("nowhere")
    (exercises / "loop.py").symlink_to("loop.py")
    os.mkfifo(exercises / "pipe.py")
    (exercises / "folder.py").mkdir()
    os.link(secret, exercises / "hard.py")
    (exercises / "huge.py").write_bytes(b"#" * 1_000_001)
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(exercises)  # a socket's name may not be long
    listener.bind("socket.py")
    os.chdir(here)
    taken = take_in(exercises)
    listener.close()
    assert set(taken.files) == {"good.py"}
    assert taken.refused == {
        "link.py": "is a symbolic link: hand in the file itself",
        "dangling.py": "is a symbolic link: hand in the file itself",
        "loop.py": "is a symbolic link: hand in the file itself",
        "pipe.py": "is not a regular file",
        "folder.py": "is not a regular file",
        "hard.py": "is a hard link: hand in a copy of the file",
        "huge.py": "is larger than a megabyte",
        "socket.py": "cannot be read",
    }


def test_links_to_folders_are_not_followed(exercises):
    (exercises / "reference").symlink_to(ROOT / "reference")
    (exercises / "itself").symlink_to(exercises)
    assert set(take_in(exercises).files) == {"good.py"}


def test_no_more_is_taken_in_than_an_honest_submission_has(exercises, monkeypatch):
    monkeypatch.setattr(intake, "MAX_FILES", 3)
    for index in range(5):
        (exercises / f"m{index}.py").write_text("x")
    taken = take_in(exercises)
    assert set(taken.files) == {"good.py", "m0.py", "m1.py"}
    assert "one file too many" in taken.refused["m2.py"]
    monkeypatch.setattr(intake, "MAX_FILES", 100)
    monkeypatch.setattr(intake, "MAX_BYTES", 8)
    assert set(take_in(exercises).files) == {"good.py", "m0.py", "m1.py"}


def test_a_tree_without_end_ends(exercises, monkeypatch):
    folder = exercises
    for _ in range(30):
        folder /= "deeper"
        folder.mkdir()
        (folder / "x.py").write_text("x")
    assert len(take_in(exercises).files) == 1 + intake.MAX_DEPTH - 1
    monkeypatch.setattr(intake, "MAX_ENTRIES", 50)
    for index in range(100):
        (exercises / f"m{index}").touch()
    assert take_in(exercises).files == {}


def test_the_digest_is_of_names_and_contents(exercises):
    before = take_in(exercises).digest()
    assert take_in(exercises).digest() == before
    (exercises / "good.py").rename(exercises / "other.py")
    renamed = take_in(exercises).digest()
    (exercises / "other.py").write_text("x = 2\n")
    assert len({before, renamed, take_in(exercises).digest()}) == 3
