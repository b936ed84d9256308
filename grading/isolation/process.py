"""A worker as the trusted side sees it: started, heard out by the canary, conversed with, stopped.

Without torch, so that a worker can be started before the trusted side's own imports.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from grading.errors import GraderError
from grading.isolation.canary import laid_out
from grading.isolation.codec import from_plain, to_plain
from grading.isolation.sandbox import COURSE, SUBMISSION, Sandboxed
from grading.isolation.wire import Closed, Malformed, WireError

START_LIMIT = 120.0
"""Seconds for a worker to be ready: it imports torch."""

Answer = Callable[[list[Any]], list[Any]]
"""Answers a worker's request of its environment."""


class Worker:
    """One sandboxed worker, from its start to its end."""

    def __init__(self, exercises: Path, device: str) -> None:
        """Start it on a folder of exercises; it gets ready while the caller does something else."""
        self._started = time.monotonic()
        self._ready = False
        self._failed = ""
        """Why it never will be."""
        self._bait = ExitStack()
        bait = self._bait.enter_context(laid_out())
        self._sandboxed = Sandboxed(
            [(exercises, SUBMISSION)],
            [str(COURSE / "grading/isolation/worker.py"), str(SUBMISSION), device],
            gpu=device != "cpu",
        )
        with suppress(Closed):  # what went wrong is told when it is first needed
            self._sandboxed.channel.send(to_plain(bait), self._started + START_LIMIT)

    def require_ready(self) -> None:
        """Wait until it is. Raises GraderError if it cannot start, or its sandbox does not hold."""
        if self._ready:
            return
        if self._failed:
            raise GraderError(self._failed)
        deadline = self._started + START_LIMIT
        try:
            escaped = from_plain(tuple[str, ...], self._sandboxed.channel.receive(deadline))
            if escaped:
                self._failed = f"the sandbox does not hold: a worker could {', '.join(escaped)}"
                raise GraderError(self._failed)
            if self._sandboxed.channel.receive(deadline) != "ready":
                raise Malformed("not ready")
        except WireError as error:
            self.stop()
            said = self._sandboxed.output()
            self._failed = f"a worker could not be started ({error}):\n{said}"
            raise GraderError(self._failed) from error
        self._bait.close()
        self._ready = True

    def converse(
        self, request: list[Any], deadline: float, answer: Answer | None
    ) -> tuple[str, Any]:
        """Ask, and answer what it asks, until it is done: ("done" or "raised", what). WireError."""
        channel = self._sandboxed.channel
        if channel.pending():
            raise Malformed("it speaks without being asked, or is gone")
        channel.send(request, deadline)
        while True:
            match channel.receive(deadline):
                case ["done" | "raised" as kind, data]:
                    return kind, data
                case ["env", *asked] if asked and answer is not None:
                    channel.send(answer(asked), deadline)
                case _:
                    raise Malformed("not an answer")

    def how_it_ended(self) -> str:
        """In one sentence."""
        code = self._sandboxed.exit_code(patience=1)
        if code is None:
            return "the code closed the grader's connection."
        how = f"by signal {code - 128}" if code > 128 else f"with exit status {code}"
        return f"the code ended the whole Python process, {how}."

    def stop(self) -> None:
        """End it and all that it started. Raises GraderError if something is left."""
        self._bait.close()
        if not self._sandboxed.stop():
            raise GraderError("the sandbox does not hold: a process outlived it")
