"""What the probes share: live networks, global state put back, a call that cannot leak."""

import hashlib
import inspect
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import MappingProxyType
from typing import Any, TextIO

import numpy as np
import torch
from torch import Tensor, nn

from grading.cases import Networks, Weights
from grading.outcome import Digests, Raised, Returned
from grading.solution import Callee
from lesson import Actor, Critic

MAX_OUTPUT = 20_000
"""Characters that a solution may print while one case is played."""

_EPS = torch.finfo(torch.float32).eps


class _Capped:
    """A stream that drops what goes beyond a limit: a print in a loop must not cost minutes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._left = MAX_OUTPUT

    def write(self, text: str) -> int:
        if self._left > 0:
            self._stream.write(text[: self._left])
            if len(text) > self._left:
                self._stream.write("\n... the rest of the output was dropped\n")
        self._left -= len(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def preserved_globals(seed: int) -> Iterator[None]:
    """Seed every global random state, cap the output, and put all global state back afterwards."""
    torch_state, numpy_state, python_state = (
        torch.get_rng_state(),
        np.random.get_state(),
        random.getstate(),
    )
    grad_enabled, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    anomalies = torch.is_anomaly_enabled()
    # Not a seed that anybody would write down: reseeding with 0 or 42 must not go unseen.
    unusual = (seed * 1_000_003 + 718_281_828) % 2**32
    # torch.manual_seed would also note it down for every kind of device that is not there.
    torch.default_generator.manual_seed(unusual)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(unusual)
    np.random.seed(unusual)
    random.seed(unusual)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(_Capped(sys.stdout)),
            redirect_stderr(_Capped(sys.stderr)),
        ):
            # A warning in a student's code is for the student to read, never a failure.
            warnings.simplefilter("default")
            warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad")
            yield
    finally:
        torch.set_rng_state(torch_state)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        torch.set_grad_enabled(grad_enabled)
        torch.set_default_dtype(dtype)
        torch.autograd.set_detect_anomaly(anomalies)


def random_digests() -> Digests:
    """A digest of each global random state: torch, numpy, python."""
    _, keys, *rest = np.random.get_state()
    _, words, next_gauss = random.getstate()
    states = (
        torch.get_rng_state().numpy().tobytes(),
        np.asarray(keys).tobytes() + repr(rest).encode(),
        np.array(words, np.uint64).tobytes() + repr(next_gauss).encode(),
    )
    return tuple(hashlib.blake2b(state, digest_size=16).digest() for state in states)


def build(networks: Networks, device: str, training: bool = True) -> tuple[Actor, Critic]:
    """A live actor and critic with the weights of a case."""
    with torch.no_grad():
        actor = Actor(networks.state_dim, networks.n_actions, networks.hidden_dim)
        critic = Critic(networks.state_dim, networks.hidden_dim)
        for network, weights in ((actor, networks.actor), (critic, networks.critic)):
            for parameter, weight in zip(network.parameters(), weights, strict=True):
                parameter.copy_(torch.from_numpy(weight))
    return actor.to(device).train(training), critic.to(device).train(training)


def arrays(network: nn.Module) -> Weights:
    """Copies of the parameters as arrays."""
    return tuple(p.detach().cpu().numpy().copy() for p in network.parameters())


def log_probs_of(actor: Actor, states: np.ndarray, actions: np.ndarray) -> Tensor:
    """The T values log pi(a_t|s_t) at once, shape (T,), with graph, as `sample_action` has them."""
    device = next(actor.parameters()).device
    return chosen_log_probs(actor(torch.from_numpy(states).to(device)), actions)


def chosen_log_probs(probs: Tensor, actions: np.ndarray) -> Tensor:
    """Those of T actions under (T, n_actions) probabilities, (T,), with graph."""
    chosen = probs.gather(1, torch.from_numpy(actions).to(probs.device)[:, None]).squeeze(1)
    return chosen.clamp(_EPS, 1 - _EPS).log()


def call(
    solution: Callee, exercise: str, name: str, *arguments: object, **keywords: object
) -> Any | Raised:
    """Call a function of a solution; whatever it raises comes back as a Raised."""
    function = fitting(solution, exercise, name, arguments, keywords)
    if isinstance(function, Raised):
        return function
    return solution.attempt(exercise, lambda: function(*arguments, **keywords))


def fitting(
    solution: Callee,
    exercise: str,
    name: str,
    arguments: tuple[object, ...],
    keywords: Mapping[str, object] = MappingProxyType({}),
) -> Callable[..., Any] | Raised:
    """A function of a solution, if it can take these arguments."""
    function = solution.function(exercise, name)
    if isinstance(function, Raised):
        return function
    problem = _signature_problem(function, name, arguments, keywords)
    if not problem:
        return function
    line = getattr(getattr(function, "__code__", None), "co_firstlineno", None)
    return Raised("signature", problem, solution.place(exercise), line)


def unreadable(error: Exception) -> Raised:
    """What to say when a call returned, and its networks or lists cannot be read afterwards."""
    return Raised(
        "exception",
        f"what the call left behind cannot be read: {type(error).__name__}: {error}",
    )


def _signature_problem(
    function: Callable[..., Any],
    name: str,
    arguments: tuple[object, ...],
    keywords: Mapping[str, object],
) -> str | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # nothing to compare with: the call itself will tell
    try:
        signature.bind(*arguments, **keywords)
    except TypeError as error:
        number = len(arguments) + len(keywords)
        return f"{name}{signature} cannot take the {number} arguments it is given: {error}"
    return None


def describe(value: object) -> str:
    """The type of a value as a student would say it."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return f"Tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return type(value).__name__


def describe_number(value: object) -> str:
    """`float` for every kind of Python float (numpy's float64 is one), else the type in words."""
    return "float" if isinstance(value, float) else describe(value)


def describe_returned(value: object) -> Returned:
    """The outer shape of what came back."""
    if isinstance(value, (tuple, list)):
        kinds = ", ".join(describe(item) for item in value[:8])
        kind = "tuple" if isinstance(value, tuple) else "list"
        return Returned(
            f"a {kind} of {len(value)}: {kinds}" if value else f"an empty {kind}", len(value)
        )
    return Returned(describe(value), None)


def as_number(value: object) -> float | None:
    """A value as a float, if it holds exactly one number."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, (bool, str, bytes)) or value is None:
        return None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return float(array.reshape(-1)[0]) if array.size == 1 else None
