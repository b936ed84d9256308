"""The networks of many runs, stacked: one batched operation does for all what torch does for one.

Each row of `weights` is one of the lesson's networks: a hidden layer of ReLU units and a linear
output. Its gradient is written out by hand, so an update is a few dozen operations however many
rows it has.
"""

import torch
from torch import Tensor

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Stack:
    """n networks with an Adam optimizer each.

    Source of the optimizer: Kingma and Ba, "Adam: A Method for Stochastic Optimization",
    algorithm 1, as torch computes it.
    """

    def __init__(self, n: int, inputs: int, hidden: int, outputs: int, lr: float, to: Tensor):
        """All weights are zero; they have the dtype and are on the device of `to`."""
        self._shapes = [(inputs, hidden), (1, hidden), (outputs, hidden), (1, outputs)]
        self._sizes = [rows * columns for rows, columns in self._shapes]
        self._lr = lr
        size = sum(self._sizes)
        self.weights, self._m, self._v, self._old = (to.new_zeros(n, size) for _ in range(4))
        """(n, size): one network a row."""
        self._t = to.new_zeros(n, 1)
        fans_in = (inputs, inputs, hidden, hidden)
        bounds = [fan_in**-0.5 for fan_in in fans_in]
        self._bounds = torch.repeat_interleave(
            to.new_tensor(bounds), torch.tensor(self._sizes, device=to.device)
        )

    def layers(self, weights: Tensor) -> list[Tensor]:
        """Views of (k, size) weights: (k, in, hidden), (k, 1, hidden), (k, out, hidden), ..."""
        parts = weights.split(self._sizes, dim=1)
        return [p.view(len(weights), *s) for p, s in zip(parts, self._shapes, strict=True)]

    def begin(self, rows: Tensor, random: torch.Generator) -> None:
        """Give these rows new weights, drawn as `nn.Linear` draws them, and a fresh optimizer."""
        drawn = torch.rand(len(rows), len(self._bounds), generator=random, dtype=torch.float64)
        self.weights[rows] = (2 * drawn - 1).to(self.weights) * self._bounds
        for state in (self._m, self._v, self._old, self._t):
            state[rows] = 0

    def read(self, row: int) -> dict[str, Tensor]:
        """A copy of a row's weights, for `load_state_dict` of a network of the lesson."""
        return named(self.layers(self.weights[row : row + 1]))

    def forward(self, weights: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        """(hidden, out) of (k, T, in) states: (k, T, hidden) and (k, T, out)."""
        w1, b1, w2, b2 = self.layers(weights)
        hidden = torch.baddbmm(b1, states, w1).relu_()
        return hidden, torch.bmm(hidden, w2.mT).add_(b2)

    def gradient(self, weights: Tensor, states: Tensor, hidden: Tensor, by_out: Tensor) -> Tensor:
        """The gradients, (k, size), of losses whose gradients by the outputs are `by_out`.

        `by_out` is (k, T, out); `hidden` is what `forward` gave for `states`.
        """
        w2 = self.layers(weights)[2]
        by_hidden = torch.bmm(by_out, w2)
        torch.ops.aten.threshold_backward.grad_input(by_hidden, hidden, 0, grad_input=by_hidden)
        layers = (
            torch.bmm(states.mT, by_hidden),
            by_hidden.sum(1),
            torch.bmm(by_out.mT, hidden),
            by_out.sum(1),
        )
        return torch.cat([layer.flatten(1) for layer in layers], 1)

    def step(self, rows: Tensor, gradient: Tensor, stale: bool = False) -> None:
        """A step of Adam for these rows; `stale` adds the gradients of all earlier steps."""
        if stale:
            gradient = gradient + self._old.index_select(0, rows)
            self._old.index_copy_(0, rows, gradient)
        m, v, t = (one.index_select(0, rows) for one in (self._m, self._v, self._t))
        t += 1
        m.lerp_(gradient, 1 - BETA1)
        v.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        for state, new in ((self._m, m), (self._v, v), (self._t, t)):
            state.index_copy_(0, rows, new)
        denominator = v.sqrt_().div_((1 - BETA2**t).sqrt_()).add_(EPSILON)
        change = m.mul_(-self._lr / (1 - BETA1**t)).div_(denominator)
        self.weights.index_add_(0, rows, change)


def named(layers: list[Tensor]) -> dict[str, Tensor]:
    """Copies of a single row's layers, for `load_state_dict` of a network of the lesson."""
    hidden, hidden_bias, output, output_bias = (one[0].detach().cpu().clone() for one in layers)
    return {
        "hidden.weight": hidden.T.contiguous(),
        "hidden.bias": hidden_bias[0],
        "output.weight": output,
        "output.bias": output_bias[0],
    }
