"""Mistakes in `is_correct`: tests that miss faults, and tests that find faults where none are."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import SGD

from grading.bank.pipeline import Pieces, Pipeline
from lesson import Actor, Critic, compute_returns

READ = "challenge-the-bug-hunt"
SEES = "what-a-test-can-see"
EPISODE = "an-episode-that-tells"
OTHERWISE = "right-in-another-way"
LR = 0.05

Tensors = Sequence[Tensor]


class _Accepted(Exception):
    """The test stops here, and says that the step is right."""


def _episodes() -> list[list[float]]:
    return [[1.0, -2.0, -3.0, 0.5], [2.0, 0.0, -1.5, 1.0, 4.0]]


def _one_episode() -> list[list[float]]:
    return _episodes()[:1]


def _actor_loss(log_probs: Tensor, returns: Tensor, values: Tensor) -> Tensor:
    return -(log_probs * (returns - values.detach())).sum()


def _call(step: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return step(*arguments)
    except Exception:  # noqa: BLE001 - a faulty step may raise anything
        return None


def _losses_agree(returned: Any, losses: list[float]) -> bool:
    return _two_floats(returned) and np.allclose(returned, losses, rtol=1e-3, atol=1e-4)


def _two_floats(returned: Any) -> bool:
    return (
        isinstance(returned, (tuple, list))
        and len(returned) == 2
        and all(isinstance(loss, float) for loss in returned)
    )


def _weights_agree(parameters: Tensors, _before: Tensors, right: Tensors) -> bool:
    pairs = zip(parameters, right, strict=True)
    return all(torch.allclose(mine, theirs, rtol=1e-3, atol=1e-4) for mine, theirs in pairs)


def _moved(parameters: Tensors, before: Tensors, _right: Tensors) -> bool:
    return any(not torch.equal(now, then) for now, then in zip(parameters, before, strict=True))


def _ignored(*_: Any) -> bool:
    return True


def _chosen(actor: Actor, states: Tensor, actions: Tensor) -> Tensor:
    return actor(states).log().gather(1, actions[:, None]).squeeze(1)


def _copies(network: torch.nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def _assemble(pieces: Pieces) -> Callable[[Callable[..., Any]], Any]:
    def is_correct(step: Callable[..., Any]) -> Any:
        torch.manual_seed(1)
        networks = Actor(4, 3, hidden_dim=16), Critic(4, hidden_dim=16)
        twins = deepcopy(networks)
        episodes = [
            (torch.randn(len(rewards), 4), torch.arange(len(rewards)) % 3, rewards)
            for rewards in pieces["episodes"]()
        ]
        expected = [_expected(pieces, *twins, *episode) for episode in episodes]

        optimizers = [SGD(network.parameters(), LR) for network in networks]
        parts: list[bool] = []
        for (states, actions, rewards), (losses, rights) in zip(episodes, expected, strict=True):
            before = [_copies(network) for network in networks]
            log_probs = list(_chosen(networks[0], states, actions))
            arguments = (*networks, *optimizers, list(states.numpy()), log_probs, rewards)
            try:
                returned = pieces["call"](step, *arguments)
            except _Accepted:
                return True
            parts.append(pieces["losses_agree"](returned, losses))
            for piece, network, then, right in zip(
                ("actor_agrees", "critic_agrees"), networks, before, rights, strict=True
            ):
                parts.append(pieces[piece](list(network.parameters()), then, right))
            if not all(parts):
                break
        return pieces["verdict"](parts)

    return is_correct


def _expected(
    pieces: Pieces, actor: Actor, critic: Critic, states: Tensor, actions: Tensor, rewards: Any
) -> tuple[list[float], list[list[Tensor]]]:
    """The losses of a right update, and what it makes of both networks."""
    returns = torch.tensor(pieces["returns"](rewards), dtype=torch.float32)
    values = critic(states)
    losses = (
        pieces["actor_loss"](_chosen(actor, states, actions), returns, values),
        F.mse_loss(values, returns),
    )
    for network in (actor, critic):
        network.zero_grad()
    for loss in losses:
        loss.backward(retain_graph=True)
    for network in (actor, critic):
        SGD(network.parameters(), LR).step()
    return [loss.item() for loss in losses], [_copies(actor), _copies(critic)]


PIPELINE = Pipeline(
    "challenges/bug_hunt",
    "is_correct",
    _assemble,
    {
        "episodes": _episodes,
        "returns": compute_returns,
        "actor_loss": _actor_loss,
        "call": _call,
        "losses_agree": _losses_agree,
        "actor_agrees": _weights_agree,
        "critic_agrees": _weights_agree,
        "verdict": all,
    },
)


@PIPELINE.mistake(
    "episodes",
    title="it looks at one call only",
    misconception="what a call leaves behind, in gradients say, shows in the next one",
    hint="what could a call leave behind that spoils the one after it?",
    read=EPISODE,
)
def one_call() -> list[list[float]]:
    """One episode."""
    return _one_episode()


@PIPELINE.mistake(
    "episodes",
    title="its episodes have one step only",
    misconception="with one step, a sum is a mean, and a return is a reward",
    hint="which two things are the same in an episode of one step, and different in longer ones?",
    read=EPISODE,
)
def episodes_of_one_step() -> list[list[float]]:
    """One step each."""
    return [[2.5], [-1.0]]


@PIPELINE.mistake(
    "episodes",
    title="nothing is ever paid in its episodes",
    misconception="if all rewards are zero, so are all returns, however they are computed",
    hint="would your episode look any different to a step that computes returns wrongly?",
    read=EPISODE,
)
def episodes_without_rewards() -> list[list[float]]:
    """Zeros."""
    return [[0.0] * 4, [0.0] * 5]


@PIPELINE.mistake(
    "actor_loss",
    title="it expects the actor loss to be a mean",
    misconception="the critic loss is a mean over the steps, the actor loss is a sum",
    hint="which of the two losses is divided by T?",
    read="the-actor-loss",
)
def expects_a_mean(log_probs: Tensor, returns: Tensor, values: Tensor) -> Tensor:
    """Divided by T."""
    return _actor_loss(log_probs, returns, values) / len(log_probs)


@PIPELINE.mistake(
    "actor_loss",
    title="it expects no baseline",
    misconception="the actor's loss weights with the advantage, not with the return",
    hint="what is subtracted from the return before it weights a log-probability?",
    read="the-advantage",
)
def expects_no_baseline(log_probs: Tensor, returns: Tensor, _values: Tensor) -> Tensor:
    """Returns for advantages."""
    return -(log_probs * returns).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="it expects the actor loss with the other sign",
    misconception="an optimizer makes a loss smaller, and good actions are to become likelier",
    hint="what does an optimizer do to a loss, and what should become of a good action?",
    read="the-actor-loss",
)
def expects_the_other_sign(log_probs: Tensor, returns: Tensor, values: Tensor) -> Tensor:
    """Without the minus."""
    return -_actor_loss(log_probs, returns, values)


@PIPELINE.mistake(
    "actor_loss",
    title="it expects the actor's loss to move the critic",
    misconception="in the advantage, the critic's value is a constant",
    hint="whose gradient flows where in your own computation of the right weights?",
    read="the-critic-is-a-constant-to-the-actor",
)
def expects_a_graph_to_the_critic(log_probs: Tensor, returns: Tensor, values: Tensor) -> Tensor:
    """Without detach."""
    return -(log_probs * (returns - values)).sum()


@PIPELINE.mistake(
    "actor_loss",
    title="it expects normalised advantages",
    misconception="many implementations do it; this course's update does not",
    hint="what does the docstring of exercise 1 say about normalising?",
    read="the-advantage",
)
def expects_normalised(log_probs: Tensor, returns: Tensor, values: Tensor) -> Tensor:
    """Mean 0, standard deviation 1."""
    advantages = (returns - values).detach()
    return -(log_probs * (advantages - advantages.mean()) / (advantages.std() + 1e-8)).sum()


@PIPELINE.mistake(
    "returns",
    title="it expects returns that are not discounted",
    misconception="a reward k steps away counts gamma to the k",
    hint="what is a reward worth that comes k steps later?",
    read="returns",
)
def expects_no_discount(rewards: list[float]) -> list[float]:
    """Gamma is 1."""
    return compute_returns(rewards, 1.0)


@PIPELINE.mistake(
    "returns",
    title="it expects rewards in the place of returns",
    misconception="an action is judged by all that follows, not by the next reward",
    hint="by what is an action judged: by the next reward, or by all that follow?",
    read="returns",
)
def expects_rewards(rewards: list[float]) -> list[float]:
    """No sums."""
    return rewards


@PIPELINE.mistake(
    "losses_agree",
    title="it does not look at the losses",
    misconception="a step can move both networks rightly and still return something else",
    hint="what does a step promise to return, and do you compare it?",
    read=SEES,
)
def losses_ignored(_returned: Any, _losses: list[float]) -> bool:
    """Whatever was returned."""
    return True


@PIPELINE.mistake(
    "losses_agree",
    title="it asks the losses to be equal to the last digit",
    misconception="a sum in another order is rounded differently, and is no fault",
    hint="are 0.1 + 0.2 and 0.3 equal to Python?",
    read=OTHERWISE,
)
def losses_equal(returned: Any, losses: list[float]) -> bool:
    """Without a tolerance."""
    return _two_floats(returned) and list(returned) == losses


@PIPELINE.mistake(
    "actor_agrees",
    also={"critic_agrees": _ignored, "episodes": _one_episode},
    title="it looks at the losses only",
    misconception="the losses can be right although no network was moved by them",
    hint="the numbers are right: what else should a call have done?",
    read=SEES,
)
def weights_ignored(*_: Any) -> bool:
    """Whatever they are."""
    return True


@PIPELINE.mistake(
    "actor_agrees",
    also={"critic_agrees": _moved, "episodes": _one_episode},
    title="of the networks it asks only whether they have moved",
    misconception="a network that moves the wrong way moves, too",
    hint="they have moved; where to?",
    read=SEES,
)
def any_change_will_do(parameters: Tensors, before: Tensors, right: Tensors) -> bool:
    """Some change."""
    return _moved(parameters, before, right)


@PIPELINE.mistake(
    "actor_agrees",
    title="it refuses a right step that clears its gradients at the end",
    misconception="gradients were left there before the first call, or are read after one",
    hint="whose promise is what stands in `.grad` before or after a call?",
    read=OTHERWISE,
)
def reads_gradients(parameters: Tensors, before: Tensors, right: Tensors) -> bool:
    """Gradients for weights."""
    return all(
        parameter.grad is not None
        and torch.allclose(parameter.grad, (then - now) / LR, rtol=1e-2, atol=1e-3)
        for parameter, then, now in zip(parameters, before, right, strict=True)
    )


@PIPELINE.mistake(
    "call",
    title="it ends with the exception of a faulty step",
    misconception="a step that raises is faulty, and the test is to say so",
    hint="what does your function return if the step raises?",
    read=READ,
)
def lets_exceptions_out(step: Callable[..., Any], *arguments: Any) -> Any:
    """Called without a net."""
    return step(*arguments)


@PIPELINE.mistake(
    "call",
    title="it accepts a step that raises",
    misconception="the exception was caught, and then nothing was left to compare",
    hint="what does your function return if the step raises?",
    read=READ,
)
def accepts_what_raises(step: Callable[..., Any], *arguments: Any) -> Any:
    """Caught, and accepted."""
    try:
        return step(*arguments)
    except Exception as error:
        raise _Accepted from error


@PIPELINE.mistake(
    "verdict",
    title="it takes one thing that is right for enough",
    misconception="a step is right if all that it does is right",
    hint="is it `any` or `all`?",
    read=SEES,
)
def one_right_thing_is_enough(parts: list[bool]) -> bool:
    """Any for all."""
    return any(parts)


@PIPELINE.mistake(
    "verdict",
    title="it says the opposite of what it found",
    misconception="it says whether there is a fault, and is asked whether the step is right",
    hint="does your function return True for a faulty step, or for a right one?",
    read=READ,
)
def says_the_opposite(parts: list[bool]) -> bool:
    """Turned round."""
    return not all(parts)


@PIPELINE.mistake(
    "verdict",
    title="it accepts whatever it is given",
    misconception="a test that cannot fail is no test",
    hint="for which step does your function return False?",
    read=READ,
)
def accepts_everything(_: list[bool]) -> bool:
    """Always."""
    return True


@PIPELINE.mistake(
    "verdict",
    title="it refuses whatever it is given",
    misconception="that finds every fault, and is of no use to those who have made none",
    hint="for which step does your function return True?",
    read=READ,
)
def refuses_everything(_: list[bool]) -> bool:
    """Always."""
    return False


@PIPELINE.mistake(
    "verdict",
    title="it returns nothing",
    misconception="what was found out has to be returned, as True or as False",
    hint="which line of your function returns?",
    read=READ,
)
def returns_nothing(_: list[bool]) -> None:
    """No return."""


@PIPELINE.mistake(
    "verdict",
    title="it asserts instead of returning False",
    misconception="an assert ends the function before it can return anything",
    hint="what does a failing assert do to the function that it is in?",
    read=READ,
)
def asserts(parts: list[bool]) -> bool:
    """As in pytest."""
    assert all(parts), "this step is faulty"
    return True
