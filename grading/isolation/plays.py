"""What a worker can be asked: requests come in, outcomes go back, environments are asked for.

A request is [[processor seconds, seconds], operation, arguments ...]; the answer is
["done", outcome] or ["raised", Raised]. In between, ["env", operation, argument ...] is a request
of the environment, or of a step that is lent: see `messages`.
"""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grading.cases import CollectCall, FunctionCase, LearnersCase, ModelCase, StepCase, TrainingCase
from grading.environments import Spaces
from grading.isolation.codec import from_plain, to_plain
from grading.isolation.proxy import ProxyEnv
from grading.isolation.wire import Channel, Closed
from grading.outcome import Raised
from grading.probes.collect import collect
from grading.probes.function import probe_function
from grading.probes.hunt import hunt
from grading.probes.live import preserved_globals
from grading.probes.model import probe_model
from grading.probes.parts import StepReply, StepRequest
from grading.probes.step import probe_step
from grading.probes.training import Learners, train
from grading.solution import Solution
from lesson.sending import MAX_NUMBERS


class TimeIsUp(BaseException):
    """Comes out of whatever runs when the time of a request is over."""


def serve(channel: Channel, exercises: Path, device: str) -> None:
    """Answer requests until the other side is gone."""
    torch.set_num_threads(1)
    worker = Worker(channel, exercises, device)
    while True:
        try:
            limits, operation, *arguments = channel.receive()
        except Closed:
            return
        worker.answer(limits, operation, arguments)


class Worker:
    """Plays with one submission."""

    def __init__(self, channel: Channel, exercises: Path, device: str) -> None:
        self._channel = channel
        self._device = device
        self._solution = Solution(exercises, lets_through=(TimeIsUp,))
        self._on_the_wire = False
        self._learning = ExitStack()
        self._learners: Learners | None = None
        signal.signal(signal.SIGALRM, self._ring)
        signal.signal(signal.SIGPROF, self._ring)

    def answer(self, limits: list[float], operation: str, arguments: list[Any]) -> None:
        """Do as asked, and send what came out of it."""
        signal.setitimer(signal.ITIMER_PROF, limits[0])
        signal.setitimer(signal.ITIMER_REAL, limits[1])
        try:
            if operation != "learn":
                self._learning.close()
            done = getattr(self, f"_{operation}")(*arguments)
            answer = ["raised" if isinstance(done, Raised) else "done", to_plain(done)]
        except TimeIsUp as late:
            answer = ["raised", to_plain(self._late(late))]
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            self._channel.send(answer)
        except ValueError as error:
            self._channel.send(["raised", to_plain(Raised("exception", str(error)))])

    def _step(self, case: Any, exercise: str, name: str) -> object:
        return probe_step(self._solution, from_plain(StepCase, case), self._device, exercise, name)

    def _model(self, case: Any, exercise: str, name: str) -> object:
        return probe_model(
            self._solution, from_plain(ModelCase, case), self._device, exercise, name
        )

    def _function(self, case: Any, exercise: str, name: str) -> object:
        return probe_function(
            self._solution, from_plain(FunctionCase, case), self._device, exercise, name
        )

    def _collect(self, call: Any, spaces: Any, exercise: str, name: str) -> object:
        asked = from_plain(CollectCall, call)
        known = from_plain(Spaces, spaces)

        def next_play() -> ProxyEnv:
            self._ask("play")
            return ProxyEnv(self._ask, known, reuse_buffer=asked.reuse_buffer)

        return collect(self._solution, asked, next_play, self._device, exercise, name)

    def _hunt(self, steps: int, seed: int, exercise: str, name: str) -> object:
        def ask(number: int, request: StepRequest) -> StepReply:
            *before, call = messages(number, request)
            for message in before:
                self._ask(*message)
            (reply,) = self._ask(*call)
            return from_plain(StepReply, reply)

        return hunt(self._solution, steps, seed, ask, exercise, name)

    def _training(self, case: Any, spaces: Any) -> object:
        env = ProxyEnv(self._ask, from_plain(Spaces, spaces))
        return train(self._solution, from_plain(TrainingCase, case), lambda _: env, self._device)

    def _begin(self, case: Any) -> None:
        begun = from_plain(LearnersCase, case)
        self._learning.enter_context(preserved_globals(begun.seed))
        self._learners = Learners(self._solution, begun, self._device)

    def _learn(self, run: int, states: Any, actions: Any) -> object:
        assert self._learners is not None
        return self._learners.learn(
            run, from_plain(np.ndarray, states), from_plain(np.ndarray, actions)
        )

    def _ask(self, *request: object) -> list[Any]:
        with self._undisturbed():
            self._channel.send(["env", *request])
            answer: list[Any] = self._channel.receive()
        return answer

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Half a frame would be the end of the conversation."""
        self._on_the_wire = True
        try:
            yield
        finally:
            self._on_the_wire = False

    def _ring(self, *_: object) -> None:
        if self._on_the_wire:
            signal.setitimer(signal.ITIMER_REAL, 0.01)  # once more, a little later
        else:
            raise TimeIsUp

    def _late(self, late: TimeIsUp) -> Raised:
        place = self._solution.describe(late, "")
        return Raised("timeout", "", place.file if place.line else "", place.line)


def messages(number: int, request: StepRequest) -> Iterator[list[Any]]:
    """A call of a lent step, each message in one frame: rows of its Jacobian, and then the rest."""
    jacobian = request.jacobian
    if jacobian is not None:
        at_once = max(1, MAX_NUMBERS // jacobian.shape[1])
        for begin in range(0, len(jacobian), at_once):
            yield ["rows", to_plain(jacobian[begin : begin + at_once])]
    yield ["call", number, to_plain(replace(request, jacobian=None))]
