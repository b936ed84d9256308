"""Remarks that cost no points."""

import pytest

from grading.scorecard import VARIANTS
from grading.solution import ROOT

STEP = "actor_critic_step"
REFERENCE = (ROOT / "reference" / f"{STEP}.py").read_text("utf-8")


def variant(name):
    return (VARIANTS / STEP / f"{name}.py").read_text("utf-8")


def drawing(line):
    return REFERENCE.replace(
        "    values = critic(states_t)\n", f"    {line}\n    values = critic(states_t)\n"
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (variant("wiped_leak"), "a later zero_grad happens to wipe it"),
        (variant("second_forward"), "evaluated 2 times"),
        (variant("beginner_loops"), "evaluated 6 times"),
        (drawing("torch.randperm(len(rewards))"), "draws random numbers"),
        (drawing("np.random.rand()"), "draws random numbers"),
    ],
)
def test_what_does_no_harm_costs_nothing_and_is_remarked_upon(source, says, submit, grade_here):
    results = grade_here(submit(**{STEP: source}))
    assert [r.id for r in results.values() if r.status != "passed"] == []
    assert any(says in remark for result in results.values() for remark in result.advice)


def test_the_reference_needs_no_advice(submit, grade_here):
    results = grade_here(submit())
    assert [remark for result in results.values() for remark in result.advice] == []


def test_reseeding_is_no_drawing(submit, grade_here):
    results = grade_here(submit(**{STEP: drawing("torch.manual_seed(0)")}))
    assert results[f"{STEP}/leaves_alone"].status == "failed"
    assert results[f"{STEP}/leaves_alone"].diagnosis == (f"{STEP}/update_reseeds",)
