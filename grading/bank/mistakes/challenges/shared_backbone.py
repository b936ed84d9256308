"""Mistakes in the model with two heads, and in its update."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from grading.bank.mistakes.actor_critic_step import pipeline as plain
from grading.bank.pipeline import Pieces, Pipeline, pipeline_of

READ = "challenge-one-network-with-two-heads"
COEFFICIENT = 0.5
WIDTH = 128


class Model(nn.Module):
    """The three layers; `pieces` say what is made of them."""

    trunk: nn.Linear
    policy_head: nn.Linear
    value_head: nn.Linear
    second: nn.Linear
    before_policy: nn.Linear
    before_value: nn.Linear
    pieces: Pieces

    def __init__(self, pieces: Pieces, state_dim: int, n_actions: int, hidden_dim: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.sizes = (state_dim, n_actions, hidden_dim)
        pieces["layers"](self, state_dim=state_dim, n_actions=n_actions, hidden_dim=hidden_dim)

    def forward(self, state: Tensor) -> Any:
        """The two outputs."""
        pieces = self.pieces
        hidden = pieces["hidden"](self, state)
        policy, value = pieces["policy"](self, hidden), pieces["value"](self, hidden)
        return pieces["outputs"](policy, value)


def layers(model: Model, state_dim: int, n_actions: int, hidden_dim: int) -> None:
    """Trunk and heads."""
    model.trunk = nn.Linear(state_dim, hidden_dim)
    model.policy_head = nn.Linear(hidden_dim, n_actions)
    model.value_head = nn.Linear(hidden_dim, 1)


def hidden(model: Model, state: Tensor) -> Tensor:
    """What both heads see."""
    return F.relu(model.trunk(state))


def policy(model: Model, hidden: Tensor) -> Tensor:
    """pi(.|s)"""
    return F.softmax(model.policy_head(hidden), dim=-1)


def value(model: Model, hidden: Tensor) -> Tensor:
    """V(s)"""
    one: Tensor = model.value_head(hidden).squeeze(-1)
    return one


def outputs(policy: Tensor, value: Tensor) -> Any:
    """In their order."""
    return policy, value


@dataclass
class Step:
    """The arguments of a call, and what the pieces have made of them so far."""

    pieces: Pieces
    model: Any
    optimizer: Optimizer
    states: list[np.ndarray]
    log_probs: list[Tensor]
    rewards: list[float]
    coefficient: float
    returns: Tensor = field(init=False)
    values: Tensor = field(init=False)
    advantages: Tensor = field(init=False)
    actor_loss: Tensor = field(init=False)
    critic_loss: Tensor = field(init=False)
    total: Tensor = field(init=False)

    @property
    def length(self) -> int:
        """T, the number of steps."""
        return len(self.rewards)

    def tensor(self, numbers: Any) -> Tensor:
        """Numbers as a float32 tensor where the model is."""
        device = next(self.model.parameters()).device
        return torch.tensor(np.array(numbers), dtype=torch.float32, device=device)

    def stacked(self) -> Tensor:
        """The log-probabilities, (T,)."""
        return torch.stack(list(self.log_probs))


def values(step: Step) -> Tensor:
    """V(s_t), (T,), with its graph."""
    one: Tensor = step.model(step.tensor(step.states))[1]
    return one


def total(step: Step) -> Tensor:
    """What is minimised."""
    return step.actor_loss + step.coefficient * step.critic_loss


def update(step: Step) -> None:
    """Clear, backward, step."""
    step.optimizer.zero_grad()
    step.total.backward()
    step.optimizer.step()


def _assemble(pieces: Pieces) -> Callable[..., Any]:
    def shared_actor_critic_step(
        model: Any,
        optimizer: Optimizer,
        states: list[np.ndarray],
        log_probs: list[Tensor],
        rewards: list[float],
        value_coefficient: float | None = None,
    ) -> Any:
        asked = pieces["default"](None) if value_coefficient is None else value_coefficient
        step = Step(pieces, model, optimizer, states, log_probs, rewards, asked)
        step.coefficient = pieces["coefficient"](step)
        step.returns = pieces["returns"](step)
        step.values = pieces["values"](step)
        step.advantages = pieces["advantages"](step)
        step.actor_loss = pieces["actor_loss"](step)
        step.critic_loss = pieces["critic_loss"](step)
        step.total = pieces["total"](step)
        pieces["update"](step)
        return pieces["result"](step)

    def made(state_dim: int, n_actions: int, hidden_dim: int | None = None) -> Model:
        width = pieces["width"](None) if hidden_dim is None else hidden_dim
        return Model(pieces, state_dim, n_actions, width)

    shared_actor_critic_step.others = {"SharedActorCritic": made}  # type: ignore[attr-defined]
    return shared_actor_critic_step


PIPELINE = Pipeline(
    "challenges/shared_backbone",
    "shared_actor_critic_step",
    _assemble,
    {
        "width": lambda _: WIDTH,
        "layers": layers,
        "hidden": hidden,
        "policy": policy,
        "value": value,
        "outputs": outputs,
        "default": lambda _: COEFFICIENT,
        "coefficient": lambda step: step.coefficient,
        "returns": plain.returns,
        "values": values,
        "advantages": plain.advantages,
        "actor_loss": plain.actor_loss,
        "critic_loss": plain.critic_loss,
        "total": total,
        "update": update,
        "result": plain.result,
    },
)
PIPELINE.adopt(
    pipeline_of("actor_critic_step"),
    "returns_undiscounted",
    "advantages_without_baseline",
    "advantages_normalised",
    "sign_lost",
    "actor_loss_averaged",
    "critic_loss_summed",
    "result_tensors",
    "result_swapped",
    "result_nothing",
)


# -- the model


@PIPELINE.mistake(
    "layers",
    title="there are two trunks, so nothing is shared",
    misconception="each head was given a first layer of its own",
    hint="how many layers see the state itself?",
    read=READ,
    also={
        "hidden": lambda model, state: (F.relu(model.trunk(state)), F.relu(model.second(state))),
        "policy": lambda model, hidden: policy(model, hidden[0]),
        "value": lambda model, hidden: value(model, hidden[1]),
    },
)
def two_trunks(model: Model, state_dim: int, n_actions: int, hidden_dim: int) -> None:
    """A layer for each head."""
    layers(model, state_dim, n_actions, hidden_dim)
    model.second = nn.Linear(state_dim, hidden_dim)


@PIPELINE.mistake(
    "value",
    title="the value head is cut off from the trunk",
    misconception="the hidden numbers were detached, so the critic's loss cannot reach the trunk",
    hint="which losses are to teach the trunk?",
    read=READ,
)
def value_of_detached(model: Model, hidden: Tensor) -> Tensor:
    """V(h.detach())."""
    return value(model, hidden.detach())


@PIPELINE.mistake(
    "policy",
    title="the policy head is cut off from the trunk",
    misconception="the hidden numbers were detached, so the actor's loss cannot reach the trunk",
    hint="which losses are to teach the trunk?",
    read=READ,
)
def policy_of_detached(model: Model, hidden: Tensor) -> Tensor:
    """pi(h.detach())."""
    return policy(model, hidden.detach())


@PIPELINE.mistake(
    "hidden",
    title="the trunk has no relu",
    misconception="without it, two linear layers in a row are one linear layer",
    hint="what comes between two linear layers?",
    read=READ,
)
def linear_trunk(model: Model, state: Tensor) -> Tensor:
    """W s + b."""
    seen: Tensor = model.trunk(state)
    return seen


@PIPELINE.mistake(
    "hidden",
    title="the trunk has another activation than relu",
    misconception="another one was taken from a habit or another course",
    hint="which function stands in the formula of the trunk?",
    read=READ,
    values=["tanh", "sigmoid", "leaky_relu", "elu"],
)
def other_activation(model: Model, state: Tensor, name: str) -> Tensor:
    """Not relu."""
    seen: Tensor = getattr(F, name)(model.trunk(state))
    return seen


@PIPELINE.mistake(
    "policy",
    title="the policy head returns logits instead of probabilities",
    misconception="the softmax is missing",
    hint="do the numbers that come out add up to 1?",
    read=READ,
)
def logits(model: Model, hidden: Tensor) -> Tensor:
    """No softmax."""
    seen: Tensor = model.policy_head(hidden)
    return seen


@PIPELINE.mistake(
    "policy",
    title="the softmax runs over the states instead of the actions",
    misconception="dim=0 was taken, which is right for one state and wrong for several",
    hint="which numbers of a table (T, n_actions) have to add up to 1?",
    read="shapes-of-two-heads",
)
def softmax_over_states(model: Model, hidden: Tensor) -> Tensor:
    """dim=0."""
    return F.softmax(model.policy_head(hidden), dim=0)


@PIPELINE.mistake(
    "policy",
    title="the policy head returns log-probabilities",
    misconception="log_softmax was taken for softmax",
    hint="can a probability be negative?",
    read=READ,
)
def log_probabilities(model: Model, hidden: Tensor) -> Tensor:
    """log_softmax."""
    return F.log_softmax(model.policy_head(hidden), dim=-1)


@PIPELINE.mistake(
    "value",
    title="the values have a dimension too many",
    misconception="a layer with one output leaves a dimension of size 1, which was not removed",
    hint="what shape has the value of one state, and what shape have those of T states?",
    read="shapes-of-two-heads",
)
def values_of_shape_one(model: Model, hidden: Tensor) -> Tensor:
    """(T, 1)"""
    seen: Tensor = model.value_head(hidden)
    return seen


@PIPELINE.mistake(
    "value",
    title="the value of a table of one state has lost its only dimension",
    misconception="squeeze() removes every dimension of size 1, also that of a single state",
    hint="which dimension has to go, however many states there are?",
    read="shapes-of-two-heads",
)
def squeezed_everywhere(model: Model, hidden: Tensor) -> Tensor:
    """squeeze() for squeeze(-1)."""
    seen: Tensor = model.value_head(hidden).squeeze()
    return seen


@PIPELINE.mistake(
    "width",
    title="without a hidden_dim, another width than 128 is taken",
    misconception="the default of the parameter was changed",
    hint="what does the signature in the exercise say?",
    read=READ,
    values=[64, 256, 32],
)
def other_width(_: None, units: int) -> int:
    """Of the parameter."""
    return units


@PIPELINE.mistake(
    "value",
    title="the values cannot be any number",
    misconception="an activation stands after the value head",
    hint="what is the value of a state in which only losses can be expected?",
    read=READ,
    values=["relu", "tanh", "sigmoid", "softplus"],
)
def bounded_values(model: Model, hidden: Tensor, name: str) -> Tensor:
    """An activation after the head."""
    seen: Tensor = getattr(F, name)(value(model, hidden))
    return seen


@PIPELINE.mistake(
    "outputs",
    title="value and policy are returned in the wrong order",
    misconception="the value was returned first",
    hint="what does the docstring of forward say comes first?",
    read=READ,
)
def swapped_outputs(policy: Tensor, value: Tensor) -> Any:
    """Value first."""
    return value, policy


@PIPELINE.mistake(
    "layers",
    title="a size of CartPole, or the default width, is written into the layers",
    misconception="a number stands where an argument of the class belongs",
    hint="what becomes of another hidden_dim, or of five actions?",
    read=READ,
    values=["hidden", "actions", "states"],
)
def fixed_sizes(model: Model, state_dim: int, n_actions: int, hidden_dim: int, which: str) -> None:
    """128, 2 or 4, whatever was asked for."""
    sizes = {"states": state_dim, "actions": n_actions, "hidden": hidden_dim}
    sizes[which] = {"states": 4, "actions": 2, "hidden": 128}[which]
    layers(model, *sizes.values())


@PIPELINE.mistake(
    "layers",
    title="a layer has no bias",
    misconception="bias=False was set",
    hint="what does a layer give for a state of zeros?",
    read=READ,
    values=["trunk", "policy_head", "value_head"],
)
def no_bias(model: Model, state_dim: int, n_actions: int, hidden_dim: int, which: str) -> None:
    """bias=False."""
    layers(model, state_dim, n_actions, hidden_dim)
    made: Any = getattr(model, which)
    setattr(model, which, nn.Linear(made.in_features, made.out_features, bias=False))


@PIPELINE.mistake(
    "layers",
    title="the heads have hidden layers of their own",
    misconception="a deeper network was built than the one that is described",
    hint="how many linear layers are there in the description, in all?",
    read=READ,
    also={
        "policy": lambda model, hidden: policy(model, F.relu(model.before_policy(hidden))),
        "value": lambda model, hidden: value(model, F.relu(model.before_value(hidden))),
    },
)
def deeper_heads(model: Model, state_dim: int, n_actions: int, hidden_dim: int) -> None:
    """One more layer for each head."""
    layers(model, state_dim, n_actions, hidden_dim)
    model.before_policy = nn.Linear(hidden_dim, hidden_dim)
    model.before_value = nn.Linear(hidden_dim, hidden_dim)


@PIPELINE.mistake(
    "value",
    title="the value is read off the policy head",
    misconception="the value head was made and not used",
    hint="which layer has one output?",
    read=READ,
)
def value_of_the_policy(model: Model, hidden: Tensor) -> Tensor:
    """The first logit."""
    seen: Tensor = model.policy_head(hidden)[..., 0]
    return seen


# -- the update


@PIPELINE.mistake(
    "coefficient",
    title="a value_coefficient of 0 is taken for none",
    misconception="0 counts as false in Python, so `or` puts the default in its place",
    hint="what is `0.0 or 0.5`?",
    read=READ,
)
def zero_is_none(step: Step) -> float:
    """`value_coefficient or 0.5`."""
    return step.coefficient or COEFFICIENT


@PIPELINE.mistake(
    "total",
    title="the actor's loss is weighted too",
    misconception="the total is a mixture of the losses whose weights add up to 1",
    hint="what stands before the actor's loss in the formula?",
    read=READ,
)
def mixture(step: Step) -> Tensor:
    """(1 - c) * actor loss + c * critic loss."""
    return (1 - step.coefficient) * step.actor_loss + step.coefficient * step.critic_loss


@PIPELINE.mistake(
    "total",
    title="the coefficient is not used",
    misconception="the two losses were added as they are",
    hint="what has the caller passed in, and where does it stand in the formula?",
    read=READ,
)
def plain_sum(step: Step) -> Tensor:
    """Actor loss plus critic loss."""
    return step.actor_loss + step.critic_loss


@PIPELINE.mistake(
    "coefficient",
    title="the caller's coefficient is ignored",
    misconception="0.5 was written where the parameter belongs",
    hint="who decides how much the critic loss counts?",
    read=READ,
)
def fixed_coefficient(_: Step) -> float:
    """Always a half."""
    return COEFFICIENT


@PIPELINE.mistake(
    "default",
    title="without a coefficient, another one than 0.5 is taken",
    misconception="the default in the signature was changed",
    hint="what does the signature in the exercise say?",
    read=READ,
    values=[1.0, 0.25, 0.1],
)
def other_default(_: None, number: float) -> float:
    """Of the parameter."""
    return number


@PIPELINE.mistake(
    "total",
    title="the coefficient is on the wrong loss",
    misconception="the actor loss was weighted, and the critic loss was not",
    hint="which of the two is multiplied in the formula?",
    read=READ,
)
def weighted_actor(step: Step) -> Tensor:
    """Coefficient times actor loss + critic loss."""
    return step.coefficient * step.actor_loss + step.critic_loss


@PIPELINE.mistake(
    "total",
    title="the critic loss is subtracted",
    misconception="the sign of the bonus of another formula was taken over",
    hint="is the critic's error to become smaller, or larger?",
    read=READ,
)
def subtracted(step: Step) -> Tensor:
    """Actor loss less c * critic loss."""
    return step.actor_loss - step.coefficient * step.critic_loss


@PIPELINE.mistake(
    "total",
    title="only the actor's loss is minimised",
    misconception="the critic loss was returned, but is not in the total",
    hint="what teaches the value head?",
    read=READ,
)
def actor_only(step: Step) -> Tensor:
    """The actor loss."""
    return step.actor_loss


@PIPELINE.mistake(
    "total",
    title="only the critic's loss is minimised",
    misconception="the actor loss was returned, but is not in the total",
    hint="what teaches the policy head?",
    read=READ,
)
def critic_only(step: Step) -> Tensor:
    """The weighted critic loss."""
    return step.coefficient * step.critic_loss


@PIPELINE.mistake(
    "advantages",
    title="the actor's loss also moves the value head",
    misconception="the value in the advantage was not made a constant, as if the shared trunk "
    "allowed for it",
    hint="which head does the actor loss have any business with?",
    read="one-trunk-and-a-constant",
)
def advantages_with_graph(step: Step) -> Tensor:
    """Not detached."""
    return step.returns - step.values


@PIPELINE.mistake(
    "result",
    title="the critic loss is returned with its coefficient",
    misconception="what stands in the total was returned instead of the loss itself",
    hint="does the docstring's critic loss have a factor?",
    read=READ,
)
def returned_weighted(step: Step) -> Any:
    """Coefficient times critic loss."""
    return step.actor_loss.item(), step.coefficient * step.critic_loss.item()


@PIPELINE.mistake(
    "result",
    title="the total is returned in the place of the actor loss",
    misconception="what was minimised was returned",
    hint="which two numbers does the docstring ask for?",
    read=READ,
)
def returned_total(step: Step) -> Any:
    """Total and critic loss."""
    return step.total.item(), step.critic_loss.item()


@PIPELINE.mistake(
    "update",
    title="the gradient is clipped",
    misconception="clipping is a habit from deeper networks, and changes the size of the step",
    hint="is the step still the learning rate times the gradient?",
    read=READ,
    values=[0.5, 1.0, 10.0, 40.0],
)
def clips_gradients(step: Step, largest: float) -> None:
    """clip_grad_norm_ before the step."""
    step.optimizer.zero_grad()
    step.total.backward()
    nn.utils.clip_grad_norm_(step.model.parameters(), largest)
    step.optimizer.step()


@PIPELINE.mistake(
    "update",
    title="the model is left in another mode",
    misconception="train() or eval() was called and not taken back",
    hint="whose business is the mode of the model?",
    read=READ,
    values=[True, False],
)
def leaves_mode(step: Step, training: bool) -> None:
    """train() or eval()."""
    step.model.train(training)
    update(step)


@PIPELINE.mistake(
    "update",
    title="gradients of earlier calls are added to those of this one",
    misconception="nothing clears what backward() has left behind",
    hint="what is in .grad before this call's backward pass?",
    read="the-update",
)
def never_clears(step: Step) -> None:
    """No zero_grad."""
    step.total.backward()
    step.optimizer.step()


@PIPELINE.mistake(
    "update",
    title="the optimizer steps twice, once for each loss",
    misconception="two updates were made, as if there were two networks",
    hint="how often does the one optimizer step in a call?",
    read="the-update",
)
def two_steps(step: Step) -> None:
    """First the actor's loss, then the critic's."""
    for loss, last in ((step.actor_loss, False), (step.coefficient * step.critic_loss, True)):
        step.optimizer.zero_grad()
        loss.backward(retain_graph=not last)
        if last:
            step.optimizer.step()
        else:
            # The step in between would change the weights that the second pass needs.
            kept = [None if p.grad is None else p.grad.clone() for p in step.model.parameters()]
    for parameter, gradient in zip(step.model.parameters(), kept, strict=True):
        parameter.grad = gradient
    step.optimizer.step()


@PIPELINE.mistake(
    "update",
    title="the optimizer never steps",
    misconception="gradients were made, and nothing uses them",
    hint="who changes the weights?",
    read="the-update",
)
def never_steps(step: Step) -> None:
    """Only backward."""
    step.optimizer.zero_grad()
    step.total.backward()
