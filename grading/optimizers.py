"""The two optimizers of the cases, from their textbook formulas.

`torch.optim.SGD` and `Adam` give the same numbers (a test says so), but the first one that is made
imports the compiler of torch, which takes about as long as `import torch` itself, in every `pytest`
that a student runs. These also count their steps.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter


class _CountingOptimizer(torch.optim.Optimizer):
    """An optimizer that counts its steps and works without torch's compiler."""

    def __init__(self, params: Iterator[Parameter], lr: float) -> None:
        super().__init__(params, {"lr": lr})
        self.steps_taken = 0

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        params = list(param_group["params"])
        self.param_groups.append({**self.defaults, **param_group, "params": params})

    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self._parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.detach_().zero_()

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; `closure`, if given, recomputes the loss first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.steps_taken += 1
        with torch.no_grad():
            for group in self.param_groups:
                used = [p for p in group["params"] if p.grad is not None]
                self._update(used, [p.grad for p in used], group["lr"])
        return loss

    def _parameters(self) -> Iterator[Parameter]:
        for group in self.param_groups:
            yield from group["params"]

    def _update(self, parameters: list[Parameter], gradients: list[Tensor], lr: float) -> None:
        raise NotImplementedError


class SGD(_CountingOptimizer):
    """theta <- theta - lr * gradient: the change of a parameter is its gradient, up to lr."""

    def _update(self, parameters: list[Parameter], gradients: list[Tensor], lr: float) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(gradient, alpha=lr)


class Adam(_CountingOptimizer):
    """Adam with the usual betas 0.9 and 0.999 and epsilon 1e-8.

    All parameters are updated as one vector: a few operations instead of a few for each.
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", algorithm 1.
    """

    beta1, beta2, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, params: Iterator[Parameter], lr: float) -> None:
        super().__init__(params, lr)
        self._moments: dict[tuple[Parameter, ...], dict[str, Any]] = {}

    def _update(self, parameters: list[Parameter], gradients: list[Tensor], lr: float) -> None:
        if not parameters:
            return
        gradient = torch.cat([g.flatten() for g in gradients])
        # Kept for the parameters at hand, as some may have no gradient in one call.
        moments = self._moments.setdefault(tuple(parameters), {})
        if not moments:
            moments.update(t=0, m=torch.zeros_like(gradient), v=torch.zeros_like(gradient))
        moments["t"] += 1
        m: Tensor = moments["m"].lerp_(gradient, 1 - self.beta1)
        v: Tensor = moments["v"].mul_(self.beta2)
        v.addcmul_(gradient, gradient, value=1 - self.beta2)
        m_correction = 1 - self.beta1 ** moments["t"]
        v_correction = 1 - self.beta2 ** moments["t"]
        denominator = v.sqrt().div_(v_correction**0.5).add_(self.epsilon)
        change = m.div(denominator).mul_(lr / m_correction)
        sizes = [p.numel() for p in parameters]
        for parameter, piece in zip(parameters, torch.split(change, sizes), strict=True):
            parameter.sub_(piece.view_as(parameter))
