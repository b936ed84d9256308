"""Where no known mistake does the same, the most telling observation is drawn from the outcome."""

import numpy as np
import pytest
import torch

from grading.bank.mistakes.actor_critic_step.pipeline import PIPELINE, advantages, values
from grading.bank.pipeline import FaultySolution, Form
from grading.cases import generator
from grading.observe import only_the_number, step_weights, telling
from grading.oracle import expected_step
from grading.probes.step import probe_step
from tests.test_actor_critic_step import varied

STEP = "actor_critic_step"
CASE = varied(3)


def first_call(**pieces):
    solution = FaultySolution(PIPELINE.build((Form("x", "x", pieces),)))
    return probe_step(solution, CASE, "cpu", STEP, STEP).calls[0]


def expected():
    return expected_step(CASE, STEP, STEP).calls[0]


def without(step, *left_out):
    kept = advantages(step).clone()
    kept[list(left_out)] = 0.0
    return kept


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda step: without(step, 2), "nothing is learnt from t=2"),
        (lambda step: without(step, 1, 4), "nothing is learnt from t=1, t=4"),
        (lambda step: advantages(step).flip(0), "in reverse order"),
        (lambda step: advantages(step).roll(1), "the one earlier"),
        (lambda step: advantages(step).roll(-1), "the one later"),
        (lambda step: advantages(step)[[1, 0, 3, 2, 5, 4]], "to the wrong steps"),
        (lambda step: advantages(step) * torch.tensor([1, -1, 1, 1, -1, 1]), "not its sign"),
        (lambda step: torch.full((step.length,), 2.5), "the same weight"),
        (lambda step: advantages(step) + 1.5, "off by the same amount, 1.5"),
        (lambda step: 0.3 * advantages(step) - 0.2, "as if normalised"),
        (lambda step: 0.5 * advantages(step), "half of the expected one"),
        (lambda step: advantages(step).clamp(min=0.1), "whose weight is positive"),
    ],
)
def test_what_became_of_the_steps_weights_is_said(change, says):
    assert says in telling("actor", CASE, first_call(advantages=change), expected())


def test_the_weights_of_the_reference_are_the_advantages():
    seen = []

    def watched(step):
        seen.append(advantages(step))
        return seen[0]

    call = first_call(advantages=watched)
    weights = step_weights("actor", CASE, call.actor_delta)
    assert np.allclose(weights, seen[0].numpy(), rtol=1e-3)


def test_what_is_no_sum_over_the_steps_is_said():
    def shrinking(step):
        penalty = sum((p**2).sum() for p in step.actor.parameters())
        return PIPELINE.pieces["actor_loss"](step) + penalty

    assert "not a weighted sum" in telling(
        "actor", CASE, first_call(actor_loss=shrinking), expected()
    )


def test_the_critics_weights_are_read_too():
    def without_one(step):
        errors = (step.values - step.returns) ** 2
        return (errors.sum() - errors[3]) / step.length

    assert "nothing is learnt from t=3" in telling(
        "critic", CASE, first_call(critic_loss=without_one), expected()
    )


def test_a_wrong_number_with_a_right_update_is_told_apart():
    def louder(step):
        return step.actor_loss.item() + 1.0, step.critic_loss.item()

    call = first_call(result=louder)
    assert only_the_number("actor", call, expected())
    assert not only_the_number("actor", first_call(advantages=values_only), expected())


def values_only(step):
    return values(step).detach()


def test_random_weights_say_nothing():
    noise = torch.from_numpy(generator(0, "noise").normal(size=6).astype(np.float32))
    assert telling("actor", CASE, first_call(advantages=lambda _: noise), expected()) == ""
