"""The probe of a model with two heads: what it is made of, what it returns, and what moves what."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import torch
from torch import Tensor, nn

from grading.cases import ModelCase
from grading.outcome import ModelOutcome, Raised
from grading.probes.live import call, describe_returned, preserved_globals
from grading.probes.trainees import MODEL, built_model, roles, shapes
from grading.solution import Callee


def probe_model(
    solution: Callee, case: ModelCase, device: str, exercise: str, name: str = MODEL
) -> ModelOutcome:
    """Make the solution's model and look at it.

    A model of other parameters than it should have is described by their shapes alone.
    """
    with preserved_globals(case.seed):
        networks = case.networks
        sizes = (networks.state_dim, networks.n_actions, networks.hidden_dim)
        model = call(solution, exercise, name, *sizes[: 2 if case.default_width else 3])
        if isinstance(model, Raised):
            return ModelOutcome(raised=model)
        found = shapes(model) if isinstance(model, nn.Module) else []
        model = built_model(solution, networks, exercise)
        if isinstance(model, Raised):
            return ModelOutcome(tuple(found), raised=model if found == [] else None)
        return _seen(solution, model.to(device), case, exercise, tuple(found))


def _seen(
    solution: Callee,
    model: nn.Module,
    case: ModelCase,
    exercise: str,
    found: tuple[tuple[int, ...], ...],
) -> ModelOutcome:
    device = next(model.parameters()).device
    states = torch.from_numpy(case.states).to(device)
    returned = solution.attempt(exercise, lambda: model(states))
    if isinstance(returned, Raised):
        return ModelOutcome(found, raised=returned)
    for_one = solution.attempt(exercise, lambda: model(states[0]))
    if isinstance(for_one, Raised):
        return ModelOutcome(found, raised=for_one)
    probs, values = _two_tensors(returned)
    parameters = roles(model, case.networks)
    return ModelOutcome(
        found,
        describe_returned(returned).description,
        describe_returned(for_one).description,
        _array(probs),
        _array(values),
        _moved(probs, parameters),
        _moved(values, parameters),
    )


def _two_tensors(returned: object) -> tuple[Tensor | None, Tensor | None]:
    items = [*returned] if isinstance(returned, (tuple, list)) else []
    one, two, *_ = (*items, None, None)
    return (one if isinstance(one, Tensor) else None), (two if isinstance(two, Tensor) else None)


def _array(tensor: Tensor | None) -> np.ndarray | None:
    return None if tensor is None else tensor.detach().cpu().numpy().astype(np.float32)


def _moved(output: Tensor | None, parameters: Sequence[nn.Parameter]) -> tuple[int, ...]:
    """The numbers of the parameters that have an influence on an output."""
    if output is None:
        return ()
    # Weights that differ, as the probabilities of a state always add up to 1.
    weights = torch.linspace(1, 2, output.numel(), device=output.device)
    with suppress(RuntimeError):  # an output without a graph is moved by nothing
        gradients = torch.autograd.grad(
            (output.flatten() * weights).sum(), parameters, allow_unused=True, retain_graph=True
        )
        return tuple(i for i, g in enumerate(gradients) if g is not None and bool(g.any()))
    return ()
