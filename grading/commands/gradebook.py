"""`python -m grading gradebook canvas|moodle OUT`."""

import argparse
import sys
from pathlib import Path

from grading.batch import read_grade
from grading.commands import require_place
from grading.errors import BadArguments
from grading.files import write_whole
from grading.reports.gradebooks import Entry, canvas_csv, moodle_worksheet
from grading.roster import owner, read_roster


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("system", choices=("canvas", "moodle"))
    parser.add_argument("graded", type=Path, help="the folder that batch wrote into")
    parser.add_argument("--roster", type=Path, required=True, metavar="CSV", help="who is who")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="what to write")
    parser.add_argument(
        "--assignment",
        default="Actor-Critic",
        metavar="TITLE",
        help='Canvas: the assignment; "Name (id)" for one that is there already',
    )
    parser.add_argument(
        "--from",
        dest="table",
        type=Path,
        metavar="FILE",
        help="Canvas: a gradebook it exported, for its students' ids; "
        "Moodle: the grading worksheet to fill in",
    )


def run(asked: argparse.Namespace) -> int:
    """Write the grades as the gradebook wants them; say who is not in it."""
    require_place(asked.to, "--to")
    if asked.system == "moodle" and asked.table is None:
        raise BadArguments("Moodle takes back only a worksheet of its own: --from WORKSHEET")
    if not asked.graded.is_dir():
        raise BadArguments(f"{asked.graded} is not a folder: what did batch write into?")
    roster = read_roster(asked.roster)
    entries = [
        Entry(folder.name, grade, owner(folder.name, roster))
        for folder in sorted(asked.graded.iterdir())
        if (grade := read_grade(folder)) is not None
    ]
    if not entries:
        raise BadArguments(f"{asked.graded} holds no grades: what did batch write into?")
    try:
        table = asked.table.read_text("utf-8-sig") if asked.table is not None else None
    except (OSError, UnicodeDecodeError) as error:
        raise BadArguments(f"{asked.table} cannot be read as text in UTF-8: {error}") from error
    if asked.system == "canvas":
        filled = canvas_csv(entries, asked.assignment, table)
    else:
        filled = moodle_worksheet(entries, table or "")
    write_whole(asked.to, filled.text)
    print(f"{len(entries) - len(filled.unmatched)} of {len(entries)} grades are in {asked.to}")
    for name in filled.unmatched:
        print(f"not in it, or not clearly: {name}", file=sys.stderr)
    return 0
