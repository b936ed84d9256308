"""The exercises, generated from the reference: solved lines out, one blank in.

`python -m grading.stubs` writes `exercises/` from `reference/`; `--check` only compares, and fails
on any drift. A solution stands between two marker lines inside a function:

    # BEGIN SOLUTION
    ...
    # END SOLUTION

The stub holds `raise NotImplementedError("<name of the function>")` in its place. An exercise
that somebody has filled in is never overwritten unless `--overwrite` says so.
"""

import argparse
import ast
import sys
from pathlib import Path

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"
ROOT = Path(__file__).resolve().parent.parent


class MarkerError(ValueError):
    """The solution markers of a file are nested, unclosed, stray or outside a function."""


def _function_at(tree: ast.Module, line: int) -> str | None:
    """The name of the innermost function around a line, if any."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(around, key=lambda node: node.lineno).name if around else None


def make_stub(source: str, name: str = "the reference") -> str:
    """The stub of a reference source. Raises MarkerError with the line to mend."""
    tree = ast.parse(source)
    stub: list[str] = []
    opened: int | None = None
    for number, line in enumerate(source.splitlines(), start=1):
        text = line.strip()
        if text == BEGIN:
            if opened is not None:
                raise MarkerError(
                    f"{name}:{number}: a solution begins inside the one of line {opened}"
                )
            function = _function_at(tree, number)
            if function is None:
                raise MarkerError(f"{name}:{number}: a solution must stand inside a function")
            opened = number
            indent = line[: len(line) - len(line.lstrip())]
            stub.append(f'{indent}raise NotImplementedError("{function}")')
        elif text == END:
            if opened is None:
                raise MarkerError(f"{name}:{number}: a solution ends that never began")
            opened = None
        elif BEGIN in line or END in line:
            raise MarkerError(f"{name}:{number}: a marker must stand alone on its line")
        elif opened is None:
            stub.append(line)
    if opened is not None:
        raise MarkerError(f"{name}:{opened}: this solution never ends")
    return "\n".join(stub) + "\n"


def make_stubs(reference: Path) -> dict[Path, str]:
    """The stub of every reference file, by its path relative to the folder."""
    return {
        path.relative_to(reference): make_stub(path.read_text("utf-8"), path.name)
        for path in sorted(reference.rglob("*.py"))
    }


def drift(reference: Path, exercises: Path) -> list[str]:
    """One line for every stub that is missing, differs, or has no reference any more."""
    stubs = make_stubs(reference)
    problems = []
    for relative, stub in stubs.items():
        written = exercises / relative
        if not written.is_file():
            problems.append(f"{relative} is missing")
        elif written.read_text("utf-8") != stub:
            problems.append(f"{relative} differs from its reference")
    problems += [
        f"{path.relative_to(exercises)} has no reference"
        for path in sorted(exercises.rglob("*.py"))
        if path.relative_to(exercises) not in stubs
    ]
    return problems


def _is_filled_in(path: Path) -> bool:
    """Whether somebody has replaced the blank: a stub, however old, still raises for it."""
    return path.is_file() and "raise NotImplementedError(" not in path.read_text("utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Write or check the stubs; the exit status is 1 when they drifted or a marker is wrong."""
    parser = argparse.ArgumentParser(prog="python -m grading.stubs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--overwrite", action="store_true", help="replace filled-in exercises too")
    parser.add_argument("--reference", type=Path, default=ROOT / "reference")
    parser.add_argument("--exercises", type=Path, default=ROOT / "exercises")
    asked = parser.parse_args(arguments)
    try:
        if asked.check:
            problems = drift(asked.reference, asked.exercises)
            for problem in problems:
                print(f"{asked.exercises.name}/{problem}: run `nox -s stubs`", file=sys.stderr)
            return 1 if problems else 0
        stubs = make_stubs(asked.reference)
        filled_in = [relative for relative in stubs if _is_filled_in(asked.exercises / relative)]
        if filled_in and not asked.overwrite:
            for relative in filled_in:
                print(
                    f"{asked.exercises.name}/{relative} has been filled in and would be lost: "
                    "move it away, or pass --overwrite",
                    file=sys.stderr,
                )
            return 1
        for relative, stub in stubs.items():
            path = asked.exercises / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(stub, "utf-8")
            print(f"wrote {path.relative_to(asked.exercises.parent)}")
    except MarkerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
