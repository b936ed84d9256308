"""The exercises are the reference with its solutions taken out, and stay so."""

from pathlib import Path

import pytest

from grading.solution import ROOT
from grading.stubs import MarkerError, drift, main, make_stub

SOURCE = '''def double(x):
    """Twice x."""
    # BEGIN SOLUTION
    y = x + x
    # END SOLUTION
    return y
'''
STUB = '''def double(x):
    """Twice x."""
    raise NotImplementedError("double")
    return y
'''


def test_a_stub_names_its_function_in_the_blank():
    assert make_stub(SOURCE) == STUB


def test_the_committed_exercises_are_those_of_the_reference():
    assert drift(ROOT / "reference", ROOT / "exercises") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    y = x + x", "    # BEGIN SOLUTION", "begins inside"),
        ("    # END SOLUTION\n", "", "never ends"),
        ("    # BEGIN SOLUTION\n", "", "never began"),
        ("# END SOLUTION", "# END SOLUTION of double", "alone on its line"),
        ("def double(x):", "if True:", "inside a function"),
    ],
)
def test_wrong_markers_are_errors_with_a_line(old, new, message):
    broken = SOURCE.replace(old, new).replace("    return y\n", "    pass\n")
    with pytest.raises(MarkerError, match=rf"double.py:\d+: .*{message}"):
        make_stub(broken, "double.py")


@pytest.fixture
def tree(tmp_path: Path) -> tuple[Path, list[str]]:
    reference = tmp_path / "reference"
    (reference / "challenges").mkdir(parents=True)
    (reference / "double.py").write_text(SOURCE)
    (reference / "challenges" / "again.py").write_text(SOURCE)
    return tmp_path, [
        f"--reference={reference}",
        f"--exercises={tmp_path / 'exercises'}",
    ]


def test_stubs_are_written_and_then_agree(tree):
    folder, options = tree
    assert main([*options, "--check"]) == 1
    assert main(options) == 0
    assert (folder / "exercises/challenges/again.py").read_text() == STUB
    assert main([*options, "--check"]) == 0


def test_drift_is_reported(tree, capsys):
    folder, options = tree
    main(options)
    (folder / "exercises/double.py").write_text(STUB.replace("Twice", "Thrice"))
    (folder / "exercises/challenges/again.py").rename(folder / "exercises/other.py")
    assert main([*options, "--check"]) == 1
    said = capsys.readouterr().err
    assert "double.py differs" in said
    assert "again.py is missing" in said
    assert "other.py has no reference" in said


def test_a_filled_in_exercise_is_not_overwritten(tree, capsys):
    folder, options = tree
    main(options)
    mine = STUB.replace('raise NotImplementedError("double")', "y = 2 * x")
    (folder / "exercises/double.py").write_text(mine)
    assert main(options) == 1
    assert "would be lost" in capsys.readouterr().err
    assert (folder / "exercises/double.py").read_text() == mine
    assert main([*options, "--overwrite"]) == 0
    assert (folder / "exercises/double.py").read_text() == STUB
