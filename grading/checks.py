"""What a check is: one pytest test with an id and integer points.

    @check("actor_critic_step/actor_loss", points=6, needs=["actor_critic_step/runs"])
    def test_the_actor_loss_is_...(step):
        \"\"\"The title that reports show.\"\"\"

A check that fails although a check it needs has failed too is one cause seen twice: it says
"needs ..." in one line and costs its points. If it passes all the same, it counts.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeVar

import pytest

from grading.messages import Message
from grading.outcome import Raised

Status = Literal["passed", "failed", "error", "timeout", "not_attempted"]
TIME_LIMIT = 20.0
"""Seconds for a check that does not ask for another limit; they take milliseconds."""

ENDLESS = "is there a loop that never meets its end, or something very slow in one?"

Test = TypeVar("Test", bound=Callable[..., None])


@dataclass(frozen=True)
class Check:
    """The facts about a check that do not depend on a solution."""

    id: str
    title: str
    points: int
    needs: tuple[str, ...] = ()
    bonus: bool = False
    time_limit: float = TIME_LIMIT
    beside: tuple[tuple[str, ...], ...] = ()
    """Ids of checks: one of each group has to pass for this one to count."""

    @property
    def exercise(self) -> str:
        """`collect_episode` for `collect_episode/states`."""
        return self.id.rpartition("/")[0]


def check(
    id: str,  # noqa: A002 - the contract's word for it
    *,
    points: int,
    needs: Sequence[str] = (),
    bonus: bool = False,
    time_limit: float = TIME_LIMIT,
    beside: Sequence[Sequence[str]] = (),
) -> Callable[[Test], Test]:
    """Make a test a check; its docstring's first line is the title that reports show.

    `beside` is for a check that nothing right is needed to pass: of manners, or of numbers that are
    known to everybody. It earns its points once one check of each of those groups has passed.
    """
    if type(points) is not int or points < 0:
        raise ValueError(f"{id}: points must be a non-negative int, not {points!r}")

    def decorate(test: Test) -> Test:
        title = (inspect.getdoc(test) or "").split("\n")[0].rstrip(".")
        if not title:
            raise ValueError(f"{id}: give the check a docstring, its title in reports")
        facts = Check(id, title, points, tuple(needs), bonus, time_limit, tuple(map(tuple, beside)))
        marked: Test = pytest.mark.timeout(time_limit)(pytest.mark.check(facts)(test))
        return marked

    return decorate


class CheckFailed(Exception):
    """A check that did not pass, with what the student reads and where to look."""

    def __init__(
        self,
        message: Message | str,
        status: Status = "failed",
        file: str = "",
        line: int | None = None,
        came_back: bool = True,
        alarm: str = "",
        absent: bool = False,
    ) -> None:
        """`came_back` is false if a call did not: what needs it would wait for it once more.

        `alarm` says in a few words what honest code seldom does. `absent`: there is no such file.
        """
        super().__init__(str(message))
        self.message = message
        self.status = status
        self.file = file
        self.line = line
        self.came_back = came_back
        self.alarm = alarm
        self.absent = absent


_STATUS_OF: dict[str, Status] = {
    "not_attempted": "not_attempted",
    "timeout": "timeout",
    "over": "failed",
}


def fail_raised(raised: Raised, case: str = "", read: str = "") -> NoReturn:
    """Fail with what stands in the way of an outcome. Always raises CheckFailed.

    The failure carries the student's own traceback, so that `pytest --pdb` opens where it happened.
    """
    if raised.kind == "not_attempted":
        message: Message | str = raised.cause
    elif raised.kind == "timeout":
        message = Message(raised.cause, think=ENDLESS, case=case, read=read)
    else:
        message = Message(raised.cause, case=case, detail="\n".join(raised.traceback), read=read)
    status = _STATUS_OF.get(raised.kind, "error")
    came_back = raised.kind not in ("timeout", "lost")
    alarm = "ended or broke its process" if raised.kind == "lost" else ""
    failure = CheckFailed(
        message, status, raised.file, raised.line, came_back, alarm, raised.kind == "absent"
    )
    if raised.exception is not None:
        raise failure.with_traceback(raised.exception.__traceback__)
    raise failure
