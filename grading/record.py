"""The record between the process that runs the checks and the one that watches it.

JSON lines, appended as things happen: `checks` (all there are), `start` and `result` of each check,
`fault` if a check itself went wrong, `end`. The watcher adds `killed`: a result for a check whose
process is gone. A later process that is given the same record does not run again what is in it.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grading.checks import Check, Status
from grading.grade import CheckResult, result_from_json, settle
from grading.messages import Message


class CheckRun:
    """The side that runs the checks: the results so far, each written down as it comes."""

    def __init__(self, record: Path | None) -> None:
        self.results: dict[str, CheckResult] = {}
        self.never_returned: set[str] = set()
        """Ids of checks that ran out of time or took their process with them."""
        self._record = record
        if record is not None and record.is_file():
            for line in record.read_text("utf-8").splitlines():
                event = json.loads(line)
                if event["event"] in ("result", "killed"):
                    self._take(result_from_json(event["result"]), event["event"] == "killed")

    def write(self, event: str, **data: object) -> None:
        """Append an event to the record, if there is one."""
        if self._record is not None:
            with self._record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"event": event, **data}) + "\n")

    def add(self, result: CheckResult, *, came_back: bool = True) -> None:
        """Take in a result; `came_back` is false if it took its process with it."""
        self._take(result, killed=not came_back)
        self.write("result", result=asdict(result))

    def _take(self, result: CheckResult, killed: bool) -> None:
        self.results[result.id] = result
        if killed or result.status == "timeout":
            self.never_returned.add(result.id)

    def unmet(self, check: Check) -> list[CheckResult]:
        """The results of needed checks that did not pass; those that were not run are no reason."""
        needed = (self.results.get(id_) for id_ in check.needs)
        return [result for result in needed if result is not None and result.status != "passed"]

    def explained(self, check: Check, diagnosis: tuple[str, ...]) -> list[CheckResult]:
        """The result of the check that already names the same mistakes: one cause, one failure."""
        return [
            result
            for result in self.results.values()
            if diagnosis
            and result.id != check.id
            and result.exercise == check.exercise
            and result.diagnosis == diagnosis
        ][:1]


def _check(data: dict[str, Any]) -> Check:
    beside = tuple(map(tuple, data["beside"]))
    return Check(**{**data, "needs": tuple(data["needs"]), "beside": beside})


class Record:
    """The watcher's side: what the process that runs the checks has written so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checks: list[Check] = []
        self.results: dict[str, CheckResult] = {}
        self.current: Check | None = None
        self.ended = False
        self.fault: tuple[str, str] | None = None
        """Id of a check that went wrong itself, and how."""
        self._read = 0
        """Bytes."""

    def read(self) -> bool:
        """Take in new lines; whether there were any."""
        if not self.path.is_file():
            return False
        with self.path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        # A line is complete when its end has been written.
        complete = new[: new.rfind(b"\n") + 1]
        self._read += len(complete)
        for line in complete.decode("utf-8").split("\n")[:-1]:
            self._take(json.loads(line))
        return bool(complete)

    def settled(self) -> tuple[CheckResult, ...]:
        """The results as they count, in the order of the checks."""
        return settle(
            (self.results[check.id] for check in self.checks if check.id in self.results),
            self.checks,
        )

    def verdict(self, check: Check, status: Status, message: Message, alarm: str = "") -> None:
        """Decide on a check whose process is gone, so that the next child knows."""
        result = CheckResult(
            id=check.id,
            exercise=check.exercise,
            title=check.title,
            points=0,
            max_points=check.points,
            bonus=check.bonus,
            status=status,
            message=str(message),
            alarm=alarm,
        )
        # What the process was about to write when it ended is half a line.
        os.truncate(self.path, self._read)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": "killed", "result": asdict(result)}) + "\n")
        self.read()

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "checks" and not self.checks:
            self.checks = [_check(c) for c in event["checks"]]
        elif kind == "start":
            self.current = next(c for c in self.checks if c.id == event["id"])
        elif kind in ("result", "killed"):
            result = result_from_json(event["result"])
            self.results[result.id] = result
            self.current = None
        elif kind == "fault":
            self.fault = event["id"], event["text"]
        elif kind == "end":
            # A child that is cut short also says so: what counts is that nothing is missing.
            self.ended = all(check.id in self.results for check in self.checks)
