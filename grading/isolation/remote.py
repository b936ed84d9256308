"""The remote player: plays cases with a submission in a worker, and believes only what it checks.

Cases go out, outcomes come back, and the environments stay here: what the worker does in them is
recorded as it happens. A worker that dies, hangs or talks nonsense costs the call that it was
asked, and the next call gets a new one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np

from grading.cases import (
    CollectCase,
    FunctionCase,
    HuntCase,
    LearnersCase,
    ModelCase,
    Networks,
    StepCase,
    TrainingCase,
    Weights,
    one_way,
    told,
)
from grading.environments import EpisodeOver, Recorder, spaces_of
from grading.isolation.codec import from_plain, to_plain
from grading.isolation.intake import Intake
from grading.isolation.process import Answer, Worker
from grading.isolation.wire import Closed, Late, Malformed, WireError
from grading.learning.group import Learn
from grading.lending import Lender
from grading.outcome import (
    NOTHING,
    Collected,
    CollectOutcome,
    Digests,
    FunctionOutcome,
    HuntOutcome,
    ModelOutcome,
    Raised,
    StepCall,
    StepOutcome,
    Trained,
    TrainingOutcome,
    Update,
)
from grading.player import recorded
from grading.probes.collect import Stage
from grading.probes.hunt import MAX_MISUSE, MAX_TEXT
from grading.solution import MAX_FRAMES
from grading.text import one_line

PATIENCE = 3.0
"""Seconds on the clock for each second of a time limit. The limit itself counts processor time, so
that nobody fails because the machine is busy ..."""
GRACE = 2.0
"""... and those that a worker gets then to say that its time was up, before it is stopped."""
BUDGET = 300.0
"""Seconds on the clock for all that a submission does; an honest one needs ten."""
MAX_WORKERS = 6
"""Workers that one submission may wear out; an honest one that crashes needs two or three."""


class RemotePlayer:
    """Plays in a sandbox; the checks' time limits are kept from outside."""

    halves = False
    """The other core has the trusted side, and other submissions."""

    def __init__(self, intake: Intake, start: Callable[[], Worker], first: Worker) -> None:
        """`start` starts a worker on what was taken in; `first` is one, and may still be busy."""
        self.remembered: dict[Any, Any] = {}
        self._intake = intake
        self._start = start
        self._worker: Worker | None = first
        self._limit, self._deadline = 0.0, 0.0
        self._started = 1
        self._spent = 0.0

    def begin(self, seconds: float) -> None:
        """The time limit of what is played from now on."""
        self._limit = seconds
        self._deadline = time.monotonic() + PATIENCE * seconds

    def close(self) -> None:
        """Stop the worker. Raises GraderError if anything of it is left."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()

    def step(self, case: StepCase, exercise: str, name: str) -> StepOutcome:
        """Play a case of a function that updates networks."""

        def read(data: Any) -> StepOutcome:
            outcome = from_plain(StepOutcome, data)
            done, asked = len(outcome.calls), len(case.episodes)
            if done > asked or (done < asked and outcome.raised is None):
                raise Malformed("more or fewer calls than were asked for")
            if outcome.unfinished is not None and (outcome.raised is None or done == asked):
                raise Malformed("an unfinished call too many")
            for call in (*outcome.calls, *filter(None, [outcome.unfinished])):
                _require_step(call, case.networks)
            return outcome

        outcome = self._ask(read, exercise, "step", case, exercise, name)
        return StepOutcome((), outcome) if isinstance(outcome, Raised) else outcome

    def model(self, case: ModelCase, exercise: str, name: str) -> ModelOutcome:
        """Look at a model with two heads."""
        outcome = self._ask(_reader(ModelOutcome), exercise, "model", case, exercise, name)
        return ModelOutcome(raised=outcome) if isinstance(outcome, Raised) else outcome

    def function(self, case: FunctionCase, exercise: str, name: str) -> FunctionOutcome:
        """Play a case of a function of plain data."""
        outcome = self._ask(_reader(FunctionOutcome), exercise, "function", case, exercise, name)
        return (
            FunctionOutcome("nothing", raised=outcome) if isinstance(outcome, Raised) else outcome
        )

    def collect(self, case: CollectCase, exercise: str, name: str) -> CollectOutcome:
        """Play a case of a function that collects episodes."""

        def read(data: Any) -> Collected:
            collected = from_plain(Collected, data)
            _require_collected(collected, case)
            return collected

        with Stage(case) as stage:
            env = Served(stage.next_play)
            collected = self._ask(
                read, exercise, "collect", told(case), stage.spaces, exercise, name,
                answer=env.answer,
            )  # fmt: skip
            if isinstance(collected, Raised):
                collected = Collected(returned=NOTHING, raised=collected)
            if collected.raised is None and env.plays != case.plays:
                collected = Collected(returned=NOTHING, raised=_nonsense("too few episodes"))
            return stage.outcome(collected)

    def hunt(self, case: HuntCase, exercise: str, name: str) -> HuntOutcome:
        """Ask a test of steps about each step of a case."""

        def read(data: Any) -> HuntOutcome:
            outcome = from_plain(HuntOutcome, data)
            _require_hunt(outcome, case)
            file = f"{exercise}.py"
            verdicts = (self._with_a_real_place(one, file) for one in outcome.verdicts)
            return replace(outcome, verdicts=tuple(verdicts))

        outcome = self._ask(
            read, exercise, "hunt", len(case.steps), one_way(case.seed), exercise, name,
            answer=Lender.of(case).answer,
        )  # fmt: skip
        return HuntOutcome((), raised=outcome) if isinstance(outcome, Raised) else outcome

    def training(self, case: TrainingCase) -> TrainingOutcome:
        """Run the lesson's loop with both functions."""
        with recorded(case) as env:
            trained = self._ask(
                _reader(Trained), "", "training", case, spaces_of(env),
                answer=Served(lambda: env, env).answer,
            )  # fmt: skip
            if isinstance(trained, Raised):
                trained = Trained(raised=trained)
            return TrainingOutcome(trained, env.trajectory())

    @contextmanager
    def learners(self, case: LearnersCase) -> Iterator[Learn]:
        """Networks that the solution's step trains."""
        exercise = case.function.exercise
        begun = self._ask(_nothing, exercise, "begin", case)
        shapes = case.networks[0]

        def read(data: Any) -> Update:
            update = from_plain(Update, data)
            _require_shapes(update.actor, shapes.actor)
            _require_shapes(update.critic, shapes.critic)
            return Update(_single(update.actor), _single(update.critic))

        def learn(run: int, states: np.ndarray, actions: np.ndarray) -> Update | Raised:
            if isinstance(begun, Raised):
                return begun
            return self._ask(read, exercise, "learn", run, states, actions)

        yield learn

    def _ask(
        self, read: Callable[[Any], Any], exercise: str, operation: str, *arguments: Any,
        answer: Answer | None = None,
    ) -> Any | Raised:  # fmt: skip
        """What came out of a call. Raises GraderError if there is no sandbox that holds."""
        name = f"{exercise}.py"
        if name in self._intake.refused:
            label = f"exercises/{name}"
            return Raised("missing", f"{label} {self._intake.refused[name]}", label)
        waited_since = time.monotonic()
        if self._worker is None:
            if self._started == MAX_WORKERS:
                return Raised("lost", f"the code ended or broke {MAX_WORKERS} processes: no more.")
            self._started += 1
            self._worker = self._start()
        worker = self._worker
        worker.require_ready()
        begun = time.monotonic()
        self._deadline += begun - waited_since
        if self._spent > BUDGET:
            return Raised("timeout", f"the whole submission may take {BUDGET:g} seconds, and has.")
        left = max(min(self._deadline - begun, BUDGET - self._spent), 0.001)
        request = [[self._limit, left], operation, *map(to_plain, arguments)]
        with ExitStack() as unless_through:
            # Half a conversation cannot be taken up again, whatever cut it off.
            unless_through.callback(self.close)
            try:
                kind, data = worker.converse(request, begun + left + GRACE, answer)
                outcome = self._late(from_plain(Raised, data)) if kind == "raised" else read(data)
            except WireError as error:
                return self._broken_off(worker, error)
            finally:
                self._spent += time.monotonic() - begun
            if not (isinstance(outcome, Raised) and outcome.kind == "timeout"):
                unless_through.pop_all()
            return self._with_a_real_place(outcome, name)

    def _with_a_real_place(self, outcome: Any, name: str) -> Any:
        """The same, without files that the submission does not have, and lines beyond measure."""
        if isinstance(outcome, Raised):
            outcome = replace(outcome, traceback=outcome.traceback[: 2 * MAX_FRAMES + 1])
            known = outcome.file.removeprefix("exercises/") in (name, *self._intake.files)
            return outcome if known else replace(outcome, file="", line=None)
        raised = getattr(outcome, "raised", None)
        return replace(outcome, raised=self._with_a_real_place(raised, name)) if raised else outcome

    def _late(self, raised: Raised) -> Raised:
        if raised.kind != "timeout":
            return raised
        where = f", at {raised.file}:{raised.line}" if raised.line else ""
        cause = f"it was still running after {self._limit:g} seconds{where}."
        return Raised("timeout", cause, raised.file, raised.line)

    def _broken_off(self, worker: Worker, error: WireError) -> Raised:
        if isinstance(error, Late):
            return Raised(
                "timeout",
                f"it was still running after {self._limit:g} seconds, "
                "and could not be interrupted.",
            )
        if isinstance(error, Closed):
            return Raised("lost", worker.how_it_ended())
        return _nonsense(str(error))


class Served:
    """Answers a worker's requests of the environments of a case."""

    def __init__(self, next_play: Callable[[], Recorder], env: Recorder | None = None) -> None:
        self._next_play = next_play
        self._env = env
        self.plays = 0

    def answer(self, request: list[Any]) -> list[Any]:
        """What the environment says. Raises Malformed for a request that is none."""
        operation, *arguments = request
        if operation == "play" and not arguments:
            return self._play()
        if self._env is None:
            raise Malformed("no play was begun")
        try:
            return self._act(self._env, operation, arguments)
        except EpisodeOver as over:
            return ["over", str(over)]
        except (gym.error.Error, ValueError, OverflowError) as error:
            return ["error", one_line(str(error))]

    def _play(self) -> list[Any]:
        try:
            self._env = self._next_play()
        except EpisodeOver as error:
            raise Malformed(str(error)) from error
        self.plays += 1
        return ["ok"]

    def _act(self, env: Recorder, operation: object, arguments: list[Any]) -> list[Any]:
        match operation, arguments:
            case "reset", [int() | None as seed]:
                return ["ok", _bytes(env.reset(seed=seed)[0])]
            case "step", [int() | None as action]:
                state, reward, terminated, truncated, _ = env.step(action)  # type: ignore[arg-type]
                return ["ok", _bytes(state), reward, terminated, truncated]
            case "close", []:
                env.close()
                return ["ok"]
        raise Malformed("no request of an environment")


def _bytes(state: np.ndarray) -> bytes:
    return np.asarray(state, np.float32).tobytes()


def _reader(declared: Any) -> Callable[[Any], Any]:
    return lambda data: from_plain(declared, data)


def _nothing(data: Any) -> None:
    if data is not None:
        raise Malformed("nothing was asked for")


def _nonsense(what: str) -> Raised:
    return Raised("lost", f"what came back is no answer ({what}): does it write to the grader?")


def _require_step(call: StepCall, networks: Networks) -> None:
    """That a call's facts fit together; one that was unfinished returned nothing."""
    length = call.returned.length or 0
    if not len(call.types) == len(call.losses) == length:
        raise Malformed("not as many losses as were returned")
    if any(type_ == "float" and loss is None for type_, loss in _pairs(call.types, call.losses)):
        raise Malformed("a float that is no number")
    _require_digests(call.random_before)
    _require_digests(call.random_after)
    _require_shapes(call.actor_delta, networks.actor)
    _require_shapes(call.critic_delta, networks.critic)


def _require_collected(collected: Collected, case: CollectCase) -> None:
    for digests in collected.random_states:
        _require_digests(digests)
    if collected.raised is not None:
        return
    if len(collected.random_states) != case.plays + 1:
        raise Malformed("not a random state after each play")
    if len(collected.lengths) != (collected.returned.length or 0):
        raise Malformed("not as many lengths as were returned")
    lists: list[Any] = [collected.states, collected.actions, collected.rewards]
    lists += [collected.log_probs, collected.values]
    lengths = collected.lengths if len(collected.lengths) == 5 else (None,) * 5
    if any((None if one is None else len(one)) != n for one, n in _pairs(lists, lengths)):
        raise Malformed("lists of other lengths than they are said to have")


def _require_hunt(outcome: HuntOutcome, case: HuntCase) -> None:
    if len(outcome.verdicts) != (len(case.steps) if outcome.raised is None else 0):
        raise Malformed("not a verdict on each step")
    if any(bool(verdict.said) == bool(verdict.raised) for verdict in outcome.verdicts):
        raise Malformed("a verdict that says nothing, or too much")
    texts = [*outcome.misuse, *(verdict.said for verdict in outcome.verdicts)]
    # What a text was shortened by is said behind it.
    if len(outcome.misuse) > MAX_MISUSE or any(len(text) > 2 * MAX_TEXT for text in texts):
        raise Malformed("too much to say")


def _require_digests(digests: Digests) -> None:
    if [len(digest) for digest in digests] != [16, 16, 16]:
        raise Malformed("not the digests of three generators")


def _pairs(one: Sequence[Any], other: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(one, other, strict=True)


def _single(weights: Weights) -> Weights:
    """In the precision of the networks."""
    with np.errstate(over="ignore"):
        return tuple(weight.astype(np.float32) for weight in weights)


def _require_shapes(got: Weights, expected: Weights) -> None:
    if [array.shape for array in got] != [array.shape for array in expected]:
        raise Malformed("weights of other shapes")
