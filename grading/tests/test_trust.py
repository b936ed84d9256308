"""What a grade under isolation rests on: seeds that nobody knows, points for right numbers only,
and a learning check that a prepared policy cannot pass."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from grading.cases import ACTOR_CRITIC_STEP, LearnersCase
from grading.checks import Check
from grading.grade import CheckResult, settle
from grading.learning.audit import MAX_JUMP, least_agreement
from grading.learning.disguise import Disguise
from grading.learning.group import train_group, trained_by
from grading.learning.rule import Look, Rule, rule_in_force
from grading.oracle import Reference, reference_function
from grading.outcome import Update
from grading.seeds import SECRET, case_seed
from grading.session import Request, run_checks
from grading.solution import ROOT, OwnFunction
from grading.text import one_line
from tests.test_shared_backbone import STEP as SHARED_STEP

STEP = reference_function("actor_critic_step", "actor_critic_step")

# -- seeds


def test_a_seed_depends_on_the_secret_the_submission_and_the_check():
    seeds = {
        case_seed(*arguments)
        for arguments in (("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x"))
    }
    assert len(seeds) == 4
    assert case_seed("a", "b", "c") == case_seed("a", "b", "c")
    assert all(2**32 < seed < 2**60 for seed in seeds)


def grade(submission, tmp_path, **environment):
    file = tmp_path / "grade.json"
    command = [sys.executable, "-m", "grading", "grade", str(submission), "--skip", "learning"]
    done = subprocess.run(
        [*command, "--json", str(file)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != SECRET} | environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text()), done.stdout


def cases_in(grade):
    return [line for c in grade["checks"] for line in c["message"].splitlines() if "case" in line]


def test_the_grade_is_the_same_for_any_secret_and_the_cases_are_not(submit, tmp_path):
    source = (ROOT / "reference/actor_critic_step.py").read_text("utf-8")
    summed = source.replace("F.mse_loss(values, returns_t)", "((values - returns_t) ** 2).sum()")
    submission = submit(actor_critic_step=summed)
    grades = [
        grade(submission, tmp_path, **environment)[0]
        for environment in ({SECRET: "one"}, {SECRET: "one"}, {SECRET: "two"}, {})
    ]
    points = [[(c["id"], c["points"], c["diagnosis"]) for c in g["checks"]] for g in grades]
    assert points[0] == points[1] == points[2] == points[3]
    assert any(diagnosis for _, _, diagnosis in points[0])
    cases = [cases_in(g) for g in grades]
    assert cases[0] == cases[1]
    assert cases[0] != cases[2]
    assert grades[0]["provenance"]["isolation"] == "require"
    assert not grades[0]["provenance"]["advisory"]
    assert "one" not in json.dumps(grades[0]["provenance"]["seed_policy"]).split()


def test_the_secret_is_not_in_the_sandbox(submit, tmp_path):
    source = (
        "import os\n\n"
        "def actor_critic_step(*given):\n"
        "    raise RuntimeError(' '.join(sorted(os.environ)) or 'nothing')\n"
    )
    graded, log = grade(submit(actor_critic_step=source), tmp_path, **{SECRET: "very-secret"})
    assert "RuntimeError: HOME" in graded["checks"][0]["message"]
    assert SECRET not in log
    assert "very-secret" not in log + json.dumps(graded)


# -- points for right numbers only


def result(id_, status, waits_for=""):
    points = 3 if status == "passed" else 0
    return CheckResult(id_, "e", id_, points, 3, False, status, "", waits_for=waits_for)


CHECKS = [Check("e/manners", "", 3, beside=(("e/number", "e/other"),)), Check("e/number", "", 3)]


@pytest.mark.parametrize(
    ("others", "points"),
    [
        ({"e/number": "passed"}, 3),
        ({"e/number": "failed", "e/other": "passed"}, 3),
        ({"e/number": "failed", "e/other": "failed"}, 0),
        ({"e/number": "not_attempted"}, 0),
        ({}, 3),  # asked for alone, a check speaks for itself
    ],
)
def test_manners_count_beside_a_right_number_only(others, points):
    given = [result("e/manners", "passed"), *(result(id_, s) for id_, s in others.items())]
    settled = settle(given, CHECKS)
    assert [r.id for r in settled] == [r.id for r in given]
    assert settled[0].points == points
    assert (settled[0].waits_for != "") == (points == 0)
    assert list(settled[1:]) == given[1:]


HOLLOW = {
    "says zero": "def actor_critic_step(*given):\n    return 0.0, 0.0\n",
    "knows the lesson's numbers": "def actor_critic_step(*given):\n    return 2.0794, 9.0\n",
    "moves at random": (
        "import torch\n\n\ndef actor_critic_step(actor, critic, ao, co, *given):\n"
        "    for network, optimizer in ((actor, ao), (critic, co)):\n"
        "        for p in network.parameters():\n            p.grad = torch.ones_like(p)\n"
        "        optimizer.step()\n    return 1.0, 1.0\n"
    ),
}


@pytest.mark.parametrize("source", HOLLOW.values(), ids=HOLLOW)
def test_a_hollow_step_gets_nothing(submit, source):
    results = run_checks(
        Request(str(submit(actor_critic_step=source)), skip_learning=True, isolated=True)
    )
    assert sum(r.points for r in results if r.exercise == "actor_critic_step") == 0


@pytest.mark.parametrize("before", ["", "    env.reset()\n    env.step(0)\n"], ids=["", "steps"])
@pytest.mark.parametrize("returned", ["[], [], [], [], []", "[0], [0], [0], [0], [0]"])
def test_a_hollow_collector_gets_nothing(submit, returned, before):
    source = (
        f"def collect_episode_with_values(env, actor, critic):\n{before}    return {returned}\n"
    )
    results = run_checks(
        Request(str(submit(collect_episode=source)), skip_learning=True, isolated=True)
    )
    assert sum(r.points for r in results if r.exercise == "collect_episode") == 0


# -- the learning check

SHORT = Rule(runs=4, window=4, actor_lr=0.003, critic_lr=0.01, looks=(Look(12, 20, 20),))


def test_a_disguise_hides_nothing_but_names():
    observations = np.arange(1, 17, dtype=np.float32).reshape(4, 4)
    disguise = Disguise(np.random.default_rng(0), runs=4)
    shown = disguise.states(observations)
    for row, original in zip(shown, observations, strict=True):
        assert sorted(np.abs(row)) == original.tolist()
    chosen = np.array([0, 1, 0, 1])
    taken = disguise.actions(chosen)
    assert set(taken.tolist()) <= {0, 1}
    np.testing.assert_array_equal(disguise.actions(taken), chosen)
    orders = {tuple(np.sign(row)) + tuple(np.abs(row) % 4) for row in shown}
    assert len(orders) > 1


def test_every_run_can_have_every_disguise():
    shown = Disguise(np.random.default_rng(1), runs=4000).states(
        np.tile(np.array([1, 2, 3, 4], np.float32), (4000, 1))
    )
    kinds, counts = np.unique(shown, axis=0, return_counts=True)
    assert len(kinds) == 24 * 16
    assert counts.max() < 40


def test_the_right_updates_agree_with_themselves():
    group = train_group(trained_by(STEP), 3, SHORT, audit=OwnFunction(STEP))
    assert group.audit.updates > 10
    assert group.audit.cosine == pytest.approx(1, abs=1e-4)
    assert 0.9 < group.largest_change < 3.3  # Adam's own bound


def test_an_audit_changes_nothing():
    plain = train_group(trained_by(STEP), 3, SHORT)
    audited = train_group(trained_by(STEP), 3, SHORT, audit=OwnFunction(STEP))
    np.testing.assert_array_equal(plain.rewards, audited.rewards)
    assert plain.audit is None


def controller_of(case: LearnersCase):
    """A learner that is better than Actor-Critic: it jumps to a policy that balances the pole."""
    networks = list(case.networks)

    def learn(run, states, actions):
        actor = networks[run].actor
        hidden, bias, output, output_bias = (np.zeros_like(w) for w in actor)
        # The angle's speed is the component that one action always pushes one way.
        pushes = [
            np.corrcoef(np.diff(states[:, k]), actions[:-1])[0, 1] if len(states) > 3 else 0
            for k in range(4)
        ]
        k = int(np.argmax(np.nan_to_num(np.abs(pushes))))
        hidden[0, k], hidden[1, k] = 20, -20
        towards = 1 if np.nan_to_num(pushes[k]) < 0 else 0
        output[towards, 0], output[1 - towards, 1] = 5, 5
        return Update((hidden, bias, output, output_bias), networks[run].critic)

    return nullcontext(learn)


@pytest.mark.parametrize("function", [ACTOR_CRITIC_STEP, SHARED_STEP], ids=lambda one: one.name)
def test_weights_that_were_not_learned_do_not_agree(function):
    group = train_group(controller_of, 3, SHORT, audit=Reference(), function=function)
    assert abs(group.audit.cosine) < least_agreement(function) / 2
    assert group.largest_change > MAX_JUMP


def test_one_jump_among_right_updates_is_noticed():
    def begin(case):
        with trained_by(STEP)(case) as right:
            calls = iter(range(1000))

            def learn(run, states, actions):
                update = right(run, states, actions)
                if next(calls) == 20:
                    update.actor[3][0] += 1
                return update

            return nullcontext(learn)

    group = train_group(begin, 3, SHORT, audit=OwnFunction(STEP))
    assert group.largest_change > MAX_JUMP


def prepared(states, case_actor):
    """A hand-made controller for CartPole as everybody knows it: angle and its speed."""
    hidden, bias, output, output_bias = (np.zeros_like(w) for w in case_actor)
    hidden[0], hidden[1] = (0.1, 0.5, 10, 10), (-0.1, -0.5, -10, -10)
    output[1, 0], output[0, 1] = 5, 5
    return hidden, bias, output, output_bias


def test_a_controller_that_was_prepared_is_of_no_use_in_disguise():
    def begin(case):
        def learn(run, states, actions):
            networks = case.networks[run]
            return Update(prepared(states, networks.actor), networks.critic)

        return nullcontext(learn)

    rule = rule_in_force()
    longer = replace(rule, looks=(Look(40, 0, 0),))
    rewards = train_group(begin, 5, longer).rewards
    assert 20 < np.nanmean(rewards[:, 20:]) < 0.9 * rule.looks[-1].high


def test_a_step_that_learns_by_other_means_gets_no_points_for_learning(submit):
    """It copies the weights of a policy that it found otherwise, in the sandbox and out of it."""
    source = (
        "import torch\n\n\n"
        "def actor_critic_step(actor, critic, ao, co, states, log_probs, rewards):\n"
        "    with torch.no_grad():\n"
        "        for p in actor.parameters():\n"
        "            p.add_(0.05 * torch.randn_like(p))\n"
        "    return 0.0, 0.0\n"
    )
    results = run_checks(Request(str(submit(actor_critic_step=source)), isolated=True))
    assert sum(r.points for r in results if r.exercise in ("actor_critic_step", "learning")) == 0


def test_text_is_shown_on_one_line():
    assert one_line("a\nb\tc\x00\u200b") == "a b c\\x00\\u200b"
    assert one_line("é √ 数") == "é √ 数"
