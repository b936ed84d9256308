"""What other platforms take: `python -m grading.handout.bundles classroom50|gradescope`.

Classroom 50 publishes an autograder's bundle, so it is made of the handout. A Gradescope zip is its
instructors' alone: it has the reference and the bank, and grades on cases that nobody has seen.
"""

import argparse
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grading.handout.maker import WORKFLOW, given_files, pyproject
from grading.solution import ROOT

HERE = Path(__file__).parent


def classroom50(handout: Path, out: Path) -> Path:
    """A folder: `autograder.py`, and the course as students have it. Raises FileNotFoundError."""
    if not (handout / WORKFLOW).is_file():
        raise FileNotFoundError(f"there is no handout in {handout}: make it first, nox -s handout")
    folder = out / "classroom50"
    shutil.rmtree(folder, ignore_errors=True)
    leave_out = shutil.ignore_patterns(".git", ".github", ".gitignore", "__pycache__")
    shutil.copytree(handout, folder / "course", ignore=leave_out)
    shutil.copyfile(HERE / "classroom50" / "autograder.py", folder / "autograder.py")
    return folder


def gradescope(out: Path) -> Path:
    """A zip: `setup.sh`, `run_autograder`, and the course with its answers."""
    file = out / "gradescope.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for script in ("setup.sh", "run_autograder"):
            entry = zipfile.ZipInfo(script)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, (HERE / "gradescope" / script).read_bytes())
        for name in (*given_files(), *_answers()):
            archive.write(ROOT / name, f"course/{name}")
        archive.writestr("course/pyproject.toml", pyproject())
    return file


def _answers() -> Iterator[str]:
    for folder in ("reference", "grading/bank/mistakes"):
        yield from (path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py"))
    yield from (f"grading/bank/{name}.py" for name in ("__init__", "pipeline", "suspects"))


def main(arguments: list[str] | None = None) -> int:
    """Write one bundle."""
    parser = argparse.ArgumentParser(prog="python -m grading.handout.bundles", description=__doc__)
    parser.add_argument("platform", choices=("classroom50", "gradescope"))
    parser.add_argument("--handout", type=Path, default=ROOT / "dist" / "handout")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    try:
        made = (
            classroom50(asked.handout, asked.out)
            if asked.platform == "classroom50"
            else gradescope(asked.out)
        )
    except FileNotFoundError as error:
        parser.error(str(error))
    print(f"the bundle is {made}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
