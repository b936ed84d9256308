"""`python -m grading.handout`: writes the students' copy of the course to dist/handout/."""

import argparse
import os
import sys
from pathlib import Path

from tqdm import tqdm

from grading import scorecard
from grading.handout.maker import NotEmpty, make
from grading.solution import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Record, and write."""
    parser = argparse.ArgumentParser(prog="python -m grading.handout", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "handout")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args(arguments)
    with tqdm(desc="solutions recorded", disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            make(asked.out, scorecard.checks(), asked.workers, show)
        except NotEmpty as error:
            parser.error(str(error))
    print(f"the handout is in {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
