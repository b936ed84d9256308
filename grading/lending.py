"""Lending: calls of somebody's step, made here for a borrower who must not look at it.

What comes in is plain data from code that nobody trusts: it is checked and bounded before a call
is made of it, and every call begins from nothing. See grading.probes.lent for the other side.
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from grading.cases import HuntCase, one_way
from grading.isolation.codec import DTYPES, from_plain, to_plain
from grading.isolation.wire import Malformed
from grading.probes.live import as_number, preserved_globals
from grading.probes.parts import (
    MEMORIES,
    NEW,
    Learner,
    StepReply,
    StepRequest,
    Value,
    put_learner,
    read_learner,
)
from grading.text import one_line
from lesson import Actor, Critic
from lesson.sending import (
    MAX_CALLS,
    MAX_GRADIENTS,
    MAX_STEPS,
    SETTINGS,
    are_two_layers,
    require_small,
)

Step = Callable[..., Any]

MAX_RETURNED = 1_000
"""Numbers in an array, or items in a list, that a step returns; more are `odd`."""
_DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)


class Lender:
    """Makes calls of the steps that it has, by their numbers."""

    def __init__(self, steps: Sequence[Step], seed: int = 0) -> None:
        """`seed` is that of the global random states at the beginning of each call."""
        self._steps = steps
        self._seed = seed
        self._calls = [0] * len(steps)
        self._rows: list[np.ndarray] = []

    @classmethod
    def of(cls, case: HuntCase) -> Self:
        """With the steps of a case."""
        # They know the right answers: a students' copy of the course does without.
        from grading.hidden_steps import step_named

        return cls([step_named(name) for name in case.steps], one_way(case.seed))

    def ask(self, number: int, request: StepRequest) -> StepReply:
        """What comes of a call of a step. Raises Malformed for what is none, or one too many."""
        _require(0 <= number < len(self._steps), "the number of a step")
        require_sound(request)
        self._calls[number] += 1
        _require(self._calls[number] <= MAX_CALLS, "one of so many")
        with preserved_globals(self._seed):
            return called(self._steps[number], request)

    def answer(self, asked: list[Any]) -> list[Any]:
        """The same on the wire: ["call", number, request], and [reply].

        A Jacobian can be longer than a frame, so its rows come before: ["rows", array], and [].
        """
        match asked:
            case ["rows", rows]:
                self._keep(from_plain(np.ndarray, rows))
                return []
            case ["call", number, request]:
                read = from_plain(int, number), from_plain(StepRequest, request)
                return [to_plain(self.ask(read[0], self._with_rows(read[1])))]
        raise Malformed("no call of a step")

    def _keep(self, rows: np.ndarray) -> None:
        alike = all(rows.shape[1:] == kept.shape[1:] for kept in self._rows)
        _require(rows.ndim == 2 and rows.size > 0 and alike, "rows of a Jacobian")
        self._rows.append(rows)
        _require(sum(kept.size for kept in self._rows) <= MAX_GRADIENTS, "a small Jacobian")

    def _with_rows(self, request: StepRequest) -> StepRequest:
        if not self._rows:
            return request
        _require(request.jacobian is None, "one with a single Jacobian")
        whole, self._rows = np.concatenate(self._rows), []
        return replace(request, jacobian=whole)


def called(step: Step, request: StepRequest) -> StepReply:
    """What comes of a call of a step; what it prints is nobody's business.

    It leaves torch's modes as the step does.
    """
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    (hidden, inputs), (outputs,) = (request.actor.weights[i].shape for i in (0, 3))
    actor, critic = Actor(inputs, outputs, hidden), Critic(*request.critic.weights[0].shape[::-1])
    optimizers = _optimizer(actor, request.actor), _optimizer(critic, request.critic)
    given_states = [state.copy() for state in request.states]
    given_log_probs = _log_probs(request, actor)
    states, log_probs, rewards = [*given_states], [*given_log_probs], [*request.rewards]
    raised: tuple[str, str] | None = None
    returned: object = None
    torch.set_grad_enabled(request.grad_enabled)
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        try:
            returned = step(actor, critic, *optimizers, states, log_probs, rewards)
        except Exception as error:  # noqa: BLE001 - a faulty step may raise anything
            raised = type(error).__name__, _text(error)
    return StepReply(
        _described(returned),
        raised,
        read_learner(actor, optimizers[0]),
        read_learner(critic, optimizers[1]),
        np.array(given_states) if given_states else request.states,
        _numbers_of(states, given_states),
        _numbers_of(log_probs, given_log_probs),
        tuple(_as_float(reward) for reward in rewards[:MAX_STEPS]),
        tuple(_is_used_up(log_prob) for log_prob in given_log_probs),
        torch.is_grad_enabled(),
    )


class _FromJacobian(torch.autograd.Function):
    """A number whose gradient is known.

    The parameters are kept too, so that a backward pass after they have moved is an error here as
    it is with the graph that this stands for.
    """

    @staticmethod
    def forward(ctx: Any, value: Tensor, row: Tensor, *parameters: Tensor) -> Tensor:
        """The value, ()."""
        ctx.save_for_backward(row, *parameters)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """The row, times the gradient that comes in, in the shapes of the parameters."""
        row, *parameters = ctx.saved_tensors
        parts = (gradients[0] * row).split([p.numel() for p in parameters])
        return None, None, *(a.view_as(b) for a, b in zip(parts, parameters, strict=True))


def _log_probs(request: StepRequest, actor: Actor) -> list[Tensor]:
    values = torch.from_numpy(request.log_probs.copy()).unbind()
    if request.jacobian is None:
        return [value.clone() for value in values]
    moving = [parameter for parameter in actor.parameters() if parameter.requires_grad]
    rows = torch.from_numpy(request.jacobian).unbind()
    return [
        _FromJacobian.apply(value, row, *moving) for value, row in zip(values, rows, strict=True)
    ]


def _is_used_up(log_prob: Tensor) -> bool:
    """Whether a backward pass has freed its graph."""
    try:
        _ = getattr(log_prob.grad_fn, "saved_tensors", None)
    except RuntimeError as error:
        return "second time" in str(error)  # and not that a parameter has moved
    return False


def _optimizer(network: nn.Module, state: Learner) -> torch.optim.Optimizer:
    """One for a network, both in this state."""
    kind = torch.optim.SGD if state.optimizer == "SGD" else torch.optim.Adam
    made = kind(network.parameters(), lr=0.0)
    put_learner(network, made, state)
    return made


def _numbers_of(now: list[Any], before: list[Any]) -> tuple[int, ...]:
    """Where the items of a list were in it before."""
    places = {id(item): number for number, item in enumerate(before)}
    return tuple(places.get(id(item), NEW) for item in now[:MAX_STEPS])


def _as_float(reward: object) -> float:
    number = as_number(reward)
    return np.nan if number is None else number


def _text(error: Exception) -> str:
    """That of an exception, as it was given: a KeyError's own is in quotation marks."""
    match error.args:
        case (str() as text,):
            return one_line(text)
    return one_line(str(error))


def _described(value: object) -> Value:
    """What a step returned, as plain data."""
    match value:
        case None:
            return Value("None")
        case bool() | int() if abs(value) < 2**63:
            return Value("bool" if isinstance(value, bool) else "int", np.array(value))
        case tuple() | list() if len(value) <= MAX_RETURNED:
            items = tuple(map(_described, value))
            return Value("tuple" if isinstance(value, tuple) else "list", items=items)
        case Tensor() if value.numel() <= MAX_RETURNED and value.dtype in _DTYPES:
            return Value("graph" if value.requires_grad else "tensor", value.detach().numpy())
        case np.ndarray() if value.size <= MAX_RETURNED and value.dtype.str in DTYPES:
            return Value("array", value)
        case np.generic() if value.dtype.str in DTYPES:
            return Value("scalar", np.asarray(value))
        case float():
            return Value("float", np.array(value))
    return Value("odd")


def require_sound(request: StepRequest) -> None:
    """That all parts of a request fit together, and are no larger than they may be: Malformed."""
    _require_learner(request.actor)
    _require_learner(request.critic)
    _require(request.critic.weights[3].shape == (1,), "a critic with one output")
    states, log_probs, jacobian = request.states, request.log_probs, request.jacobian
    _require(states.ndim == 2 and states.dtype in (np.float32, np.float64), "states")
    _require(log_probs.ndim == 1 and log_probs.dtype == np.float32, "log-probs")
    sizes = [[weight.size for weight in one.weights] for one in (request.actor, request.critic)]
    steps = max(len(states), len(log_probs), len(request.rewards))
    try:
        require_small(steps, states.shape[1], *map(sum, sizes))
    except ValueError as error:
        raise Malformed(str(error)) from error
    if jacobian is not None:
        moving = sum(np.compress(request.actor.requires_grad, sizes[0]))
        fits = jacobian.shape == (len(log_probs), moving) and jacobian.dtype == np.float32
        _require(fits, "a Jacobian")


def _require_learner(state: Learner) -> None:
    shapes = [weight.shape for weight in state.weights]
    _require(are_two_layers(shapes), "a network of two layers")
    _require(len(state.gradients) == len(state.requires_grad) == 4, "four gradients")
    pairs = zip(state.gradients, shapes, strict=True)
    _require(all(g is None or g.shape == shape for g, shape in pairs), "gradients that fit")
    lengths = [2 if key == "betas" else 1 for key in SETTINGS[state.optimizer]]
    _require([len(numbers) for numbers in state.settings] == lengths, "settings")
    for number, key, value in state.memory:
        _require(0 <= number < 4 and key in MEMORIES[state.optimizer], "a memory")
        _require(value.shape == (() if key == "step" else shapes[number]), "a memory that fits")
    places = {(number, key) for number, key, _ in state.memory}
    _require(len(places) == len(state.memory), "one memory of each")
    arrays = [*state.weights, *state.gradients, *(value for _, _, value in state.memory)]
    _require(all(a is None or a.dtype == np.float32 for a in arrays), "float32")


def _require(true: bool, what: str) -> None:
    if not true:
        raise Malformed(f"not a call of a step: not {what}")
