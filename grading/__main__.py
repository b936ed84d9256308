"""The command line for instructors: `python -m grading grade SUBMISSION`."""

import argparse
import importlib
import importlib.util
import signal
import sys

from grading.commands import BAD_ARGUMENTS, NO_GRADE
from grading.errors import BadArguments, GraderError
from grading.isolation.sandbox import NoSandbox

COMMANDS = {
    "grade": "grade one submission",
    "batch": "grade a class: every subfolder is a submission",
    "report": "a grade for people, or for another tool",
    "gradebook": "the grades of a class for Canvas or Moodle",
    "scorecard": "measure the grader on its bank (half an hour)",
}
"""A students' copy of the course has some of them only."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command. 0: a grade was produced; 2: bad arguments; 3: the grader could not work."""
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, help_ in COMMANDS.items():
        if importlib.util.find_spec(f"grading.commands.{name}") is None:
            continue
        module = importlib.import_module(f"grading.commands.{name}")
        command = commands.add_parser(name, help=help_)
        module.add(command)
        command.set_defaults(run=module.run)
    asked = parser.parse_args(arguments)
    # So that a grader that is told to end takes along what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return int(asked.run(asked))
    except BadArguments as error:
        return _stop(BAD_ARGUMENTS, str(error))
    except NoSandbox as error:
        return _stop(NO_GRADE, f"no grade: {error}; --isolation none gives an advisory grade")
    except GraderError as error:
        return _stop(NO_GRADE, f"no grade: {error}")


def _stop(status: int, reason: str) -> int:
    print(f"python -m grading: {reason}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
