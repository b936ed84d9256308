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


# Else torch wraps it for its profiler, which takes as long as the step.
_CountingOptimizer.step.hooked = True  # type: ignore[attr-defined]


class SGD(_CountingOptimizer):
    """theta <- theta - lr * gradient: the change of a parameter is its gradient, up to lr."""

    def _update(self, parameters: list[Parameter], gradients: list[Tensor], lr: float) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(gradient, alpha=lr)


class Adam(_CountingOptimizer):
    """Adam with the usual betas 0.9 and 0.999 and epsilon 1e-8.

    All parameters in one call of torch's own fused kernel, which takes a sixth of the time.
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", algorithm 1.
    """

    def __init__(self, params: Iterator[Parameter], lr: float) -> None:
        super().__init__(params, lr)
        self._moments: dict[Parameter, tuple[Tensor, Tensor, Tensor]] = {}
        """First and second moment, and the number of steps."""

    def _update(self, parameters: list[Parameter], gradients: list[Tensor], lr: float) -> None:
        if not parameters:
            return
        for one in parameters:
            if one not in self._moments:
                steps = torch.zeros((), device=one.device)
                self._moments[one] = (torch.zeros_like(one), torch.zeros_like(one), steps)
        moments = [self._moments[one] for one in parameters]
        counts = [steps for _, _, steps in moments]
        torch._foreach_add_(counts, 1)
        torch._fused_adam_(
            [*parameters],
            gradients,
            [first for first, _, _ in moments],
            [second for _, second, _ in moments],
            [],
            counts,
            lr=lr,
            beta1=0.9,
            beta2=0.999,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
