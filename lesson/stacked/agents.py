"""What stacked runs train: actors and critics, one batched operation for all of them.

An agent is a row of `Agents.weights`: a hidden layer of ReLU units, and outputs that are the
policy's logits and, the last one, the value. An actor and a critic that share nothing have units of
their own there. A state comes with a last entry of 1, whose weights are the hidden layer's biases.

The gradient is written out by hand, so that an update is a few dozen operations however many agents
there are. Output o is sum_j w2[o,j] m[j] sum_i w1[i,j] s[i], where m[j] is 1 if unit j is active
and 0 if not, so the gradient of a loss L by the weights is

    dL/dw1[i,j] = sum_o w2[o,j] D[o,i,j]   and   dL/dw2[o,j] = sum_i w1[i,j] D[o,i,j]
    with D[o,i,j] = sum_t (dL/dout[t,o]) s[t,i] m[t,j]:

one product of matrices gives D, and nothing else on the way back is as large as the hidden layer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lesson.stacked.signals import Signal

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Pass:
    """A forward pass of k agents through (k, T, state_dim + 1) states, one agent a row."""

    logits: Tensor
    """(k, T, n_actions)"""
    values: Tensor
    """(k, T)"""
    back: Callable[[Tensor | None, Tensor | None], Tensor]
    """(gradients by the logits, by the values) -> by the weights, (k, size); None is zero."""


class Agents:
    """n agents, each with the optimizers of the lesson: Adam, for the actor and for the critic.

    Source of the optimizer: Kingma and Ba, "Adam: A Method for Stochastic Optimization",
    algorithm 1, as torch computes it.
    """

    def __init__(
        self,
        n: int,
        state_dim: int,
        n_actions: int,
        hidden_dim: int,
        lrs: tuple[float, float],
        to: Tensor,
        *,
        shared: bool,
    ) -> None:
        """All weights are zero; they have the dtype and are on the device of `to`.

        `lrs` are the actor's and the critic's learning rates. `shared` agents have one hidden layer
        for both, and one optimizer, with the actor's.
        """
        units, logits = slice(0, hidden_dim), slice(0, n_actions)
        value = slice(n_actions, n_actions + 1)
        # The hidden units of a network, and its outputs.
        self._policy, self._value = (units, logits), (units, value)
        self._networks = [(units, slice(0, n_actions + 1))]
        if not shared:
            self._value = slice(hidden_dim, 2 * hidden_dim), value
            self._networks = [self._policy, self._value]
        all_units, outputs = self._value[0].stop, n_actions + 1
        self._shapes = [(state_dim + 1, all_units), (outputs, all_units), (1, outputs)]
        self._sizes = [rows * columns for rows, columns in self._shapes]
        size = sum(self._sizes)
        self.weights, self._m, self._v, self._old = (to.new_zeros(n, size) for _ in range(4))
        """(n, size): one agent a row."""
        self._t = to.new_zeros(n, 1)
        self._bounds = to.new_full((1, size), hidden_dim**-0.5)
        self._layers(self._bounds)[0][:] = state_dim**-0.5
        self._of_the_critic = torch.zeros(1, size, dtype=torch.bool, device=to.device)
        if not shared:
            for layer in self._parts(self._of_the_critic, *self._value):
                layer[:] = True
        self._lr = torch.where(self._of_the_critic, to.new_tensor(lrs[1]), to.new_tensor(lrs[0]))

    def _layers(self, weights: Tensor) -> list[Tensor]:
        """Views of (k, size) weights: (k, in, units), (k, out, units) and (k, 1, out)."""
        parts = weights.split(self._sizes, dim=1)
        return [p.view(len(weights), *s) for p, s in zip(parts, self._shapes, strict=True)]

    def _parts(self, weights: Tensor, units: slice, outputs: slice) -> list[Tensor]:
        """The same of these units and outputs only."""
        w1, w2, b2 = self._layers(weights)
        return [w1[:, :, units], w2[:, outputs, units], b2[:, :, outputs]]

    def policy(self, rows: Tensor) -> list[Tensor]:
        """The layers of these agents' policies: (k, in, units), (k, out, units) and (k, 1, out)."""
        return self._parts(self.weights.index_select(0, rows), *self._policy)

    def begin(self, rows: Tensor, random: torch.Generator) -> None:
        """Give these agents new weights, drawn as `nn.Linear` draws them, and fresh optimizers."""
        size = self.weights.shape[1]
        drawn = torch.rand(len(rows), size, generator=random, dtype=torch.float64)
        self.weights[rows] = (2 * drawn - 1).to(self.weights) * self._bounds
        for state in (self._m, self._v, self._old, self._t):
            state[rows] = 0

    def actor(self, row: int) -> dict[str, Tensor]:
        """A copy of an agent's weights, for `load_state_dict` of an `Actor` of the lesson."""
        return _named(self._parts(self.weights[row : row + 1], *self._policy))

    def critic(self, row: int) -> dict[str, Tensor]:
        """The same, for a `Critic`."""
        return _named(self._parts(self.weights[row : row + 1], *self._value))

    def forward(self, rows: Tensor, states: Tensor) -> Pass:
        """Logits and values of (k, T, state_dim + 1) states."""
        weights = self.weights.index_select(0, rows)
        networks = [self._parts(weights, *network) for network in self._networks]
        active, outputs = [], []
        for w1, w2, b2 in networks:
            hidden = torch.bmm(states, w1).relu_()
            outputs.append(torch.baddbmm(b2, hidden, w2.mT))
            active.append(hidden.gt_(0))
        out = torch.cat(outputs, 2)

        def back(by_logits: Tensor | None, by_values: Tensor | None) -> Tensor:
            by_out = torch.zeros_like(out)
            if by_logits is not None:
                by_out[:, :, :-1] = by_logits
            if by_values is not None:
                by_out[:, :, -1] = by_values
            gradient = torch.zeros_like(weights)
            for place, (w1, w2, _), units in zip(self._networks, networks, active, strict=True):
                of_outputs = by_out[:, :, place[1]]
                pairs = (of_outputs[:, :, :, None] * states[:, :, None]).flatten(2)
                products = torch.bmm(pairs.mT, units).unflatten(1, (of_outputs.shape[2], -1))
                by_w1, by_w2, by_b2 = self._parts(gradient, *place)
                torch.sum(products * w2[:, :, None], 1, out=by_w1)
                torch.sum(products * w1[:, None], 2, out=by_w2)
                torch.sum(of_outputs, 1, keepdim=True, out=by_b2)
            return gradient

        return Pass(out[:, :, :-1], out[:, :, -1], back)

    def step(self, rows: Tensor, gradient: Tensor, signal: Signal) -> None:
        """A step of Adam for these agents, whose losses have this (k, size) gradient.

        Where a gradient has been zero all along, as that of an optimizer that takes no step, no
        weight moves. `signal` says which gradients of earlier steps are added.
        """
        if signal.actor_stale or signal.critic_stale:
            stale = torch.where(self._of_the_critic, signal.critic_stale, signal.actor_stale)
            gradient = gradient + stale * self._old.index_select(0, rows)
            self._old.index_copy_(0, rows, gradient)
        m, v, t = (one.index_select(0, rows) for one in (self._m, self._v, self._t))
        t += 1
        m.lerp_(gradient, 1 - BETA1)
        v.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        for state, new in ((self._m, m), (self._v, v), (self._t, t)):
            state.index_copy_(0, rows, new)
        denominator = v.sqrt_().div_((1 - BETA2**t).sqrt_()).add_(EPSILON)
        change = m.mul_(self._lr).div_(denominator).div_(BETA1**t - 1)
        self.weights.index_add_(0, rows, change)


def _named(layers: list[Tensor]) -> dict[str, Tensor]:
    """Copies of a single agent's layers, as a network of the lesson calls them."""
    hidden, output, output_bias = (one[0].detach().cpu().clone() for one in layers)
    return {
        "hidden.weight": hidden[:-1].T.contiguous(),
        "hidden.bias": hidden[-1],
        "output.weight": output,
        "output.bias": output_bias[0],
    }
