"""`nox -s notebook`: writes exercises/lesson.ipynb from exercises/README.md; --check compares only.

Each block of Python and each figure becomes a cell to run, and what stands between them a cell to
read. Figures are shown by code as Colab does not find files that lie beside a notebook.
"""

import argparse
import re
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lesson.solutions import ROOT

SOURCE = ROOT / "exercises" / "README.md"
NOTEBOOK = ROOT / "exercises" / "lesson.ipynb"
BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
FIGURE = re.compile(r"^!\[([^\]]*)\]\(([^)]+)\)\n", re.MULTILINE)
TO_THE_NOTEBOOK = "The same lesson as a notebook: [lesson.ipynb](lesson.ipynb).\n\n"
SET_UP = """\
# Run this cell first. On Colab, put the address of your repository here.
REPOSITORY = ""

import subprocess
import sys
from pathlib import Path

course = next((f for f in (Path.cwd(), *Path.cwd().parents) if (f / "lesson").is_dir()), None)
if course is None:
    if not REPOSITORY:
        raise SystemExit("Open this notebook in a clone of the course, or set REPOSITORY above.")
    course = Path.cwd() / "course"
    if not course.exists():
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, str(course)], check=True)
    packages = ["gymnasium[classic-control]", "safetensors", "watchfiles"]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *packages], check=True)
sys.path.insert(0, str(course))

%matplotlib inline
from IPython.display import SVG
from lesson.machine import choose_device, introduce, seed_everything

SEED = 0
seed_everything(SEED)
print(introduce(choose_device("auto"), SEED))


def show(figure):
    return SVG(filename=course / "exercises" / figure)"""
ABOUT_IT = """\
*This notebook is made from [README.md](README.md). Your work is in the two files beside it: write
there, save, restart the kernel, and run all cells again.*"""


def main(arguments: list[str] | None = None) -> int:
    """0; with --check 1 if the notebook is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m lesson.notebook", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    made = notebook(SOURCE.read_text("utf-8"))
    if parser.parse_args(arguments).check:
        if NOTEBOOK.is_file() and NOTEBOOK.read_text("utf-8") == made:
            return 0
        print("exercises/lesson.ipynb is not what README.md says: run nox -s notebook")
        return 1
    NOTEBOOK.write_text(made, "utf-8")
    return 0


def notebook(markdown: str) -> str:
    """The notebook of a lesson, as the text of its file."""
    markdown = _links_within(FIGURE.sub(_shown, markdown.replace(TO_THE_NOTEBOOK, "")))
    title, _, rest = markdown.partition("\n\n")
    cells = [new_markdown_cell(f"{title}\n\n{ABOUT_IT}"), new_code_cell(SET_UP)]
    for i, part in enumerate(BLOCK.split(rest)):
        if part.strip():
            cells.append((new_code_cell if i % 2 else new_markdown_cell)(part.strip()))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:02}"
    made = new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(made)
    return str(nbformat.writes(made)) + "\n"


def _shown(figure: re.Match[str]) -> str:
    words = " ".join(figure[1].split())
    return f'```python\n# {words}\nshow("{figure[2]}")\n```\n'


def _links_within(markdown: str) -> str:
    """Links to headings as Jupyter names them."""
    for heading in re.findall(r"^#+ (.+)$", markdown, re.MULTILINE):
        markdown = markdown.replace(f"(#{anchor(heading)})", f"(#{heading.replace(' ', '-')})")
    return markdown


def anchor(heading: str) -> str:
    """What GitHub names a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    sys.exit(main())
