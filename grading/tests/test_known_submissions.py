"""Well-known mistakes lose points; honest alternatives get all of them.

Each is the reference with a few words replaced, as a student would have written them.
"""

import pytest

from grading.solution import ROOT

STEP, COLLECT = "actor_critic_step", "collect_episode"

RETURNS = "compute_returns(rewards)"
VALUES = "    values = critic(states_t)\n"
ADVANTAGES = "returns_t - values.detach()"
SUM = "advantages).sum()"
LOG_PROBS = "torch.stack(list(log_probs))"
MSE = "F.mse_loss(values, returns_t)"
RESULT = "return actor_loss.item(), critic_loss.item()"
UPDATE_ACTOR = (
    "    actor_optimizer.zero_grad()\n    actor_loss.backward()\n    actor_optimizer.step()\n"
)
UPDATE_CRITIC = UPDATE_ACTOR.replace("actor", "critic")
BOTH = f"{UPDATE_ACTOR}\n{UPDATE_CRITIC}"
TOGETHER = (
    "    actor_optimizer.zero_grad()\n    critic_optimizer.zero_grad()\n"
    "    (actor_loss + critic_loss).backward()\n"
    "    actor_optimizer.step()\n    critic_optimizer.step()\n"
)

SAMPLE = "action, log_prob = actor.sample_action(state_t)"
VALUE = "critic(state_t).item()"
DONE = "done = terminated or truncated"
ALL_FIVE = "return states, actions, rewards, log_probs, values"

# What is wrong, the exercise, what is replaced by what, and the first check to say so.
MISTAKES = [
    ("returns not reversed back", STEP, {RETURNS: f"{RETURNS}[::-1]"}, "critic_loss"),
    ("no discount", STEP, {RETURNS: "compute_returns(rewards, 1.0)"}, "critic_loss"),
    ("no reward of this step", STEP,
     {RETURNS: f"[g - r for g, r in zip({RETURNS}, rewards)]"}, "worked_example"),
    ("rewards made integers", STEP,
     {RETURNS: "compute_returns([int(r) for r in rewards])"}, "rewards"),
    ("rewards reversed in place", STEP,
     {RETURNS: "(rewards.reverse(), compute_returns(rewards[::-1]))[1]"}, "leaves_alone"),
    ("returns begin anew at a reward of zero", STEP,
     {RETURNS: "[sum(0.99**k * r for k, r in enumerate(rewards[t:(rewards + [0]).index(0, t) + 1]))"
      " for t in range(len(rewards))]"}, "rewards"),
    ("log-probs clamped", STEP, {LOG_PROBS: f"{LOG_PROBS}.clamp(min=-5)"}, "rewards"),
    ("returns clipped at 500", STEP,
     {RETURNS: f"[max(-500, min(500, g)) for g in {RETURNS}]"}, "long_episode"),
    ("anomaly detection left on", STEP,
     {VALUES: f"    torch.autograd.set_detect_anomaly(True)\n{VALUES}"}, "leaves_alone"),
    ("no baseline", STEP, {ADVANTAGES: "returns_t"}, "worked_example"),
    ("not detached, one combined loss", STEP,
     {ADVANTAGES: "returns_t - values", BOTH: TOGETHER}, "critic_isolated"),
    ("not detached, second backward", STEP, {ADVANTAGES: "returns_t - values"}, "runs"),
    ("absolute advantages", STEP, {ADVANTAGES: f"({ADVANTAGES}).abs()"}, "actor_loss"),
    ("T by T matrix", STEP, {ADVANTAGES: f"{ADVANTAGES}.unsqueeze(1)"}, "actor_loss"),
    ("sign", STEP, {f"-({LOG_PROBS}": f"({LOG_PROBS}"}, "worked_example"),
    ("mean for sum", STEP, {SUM: "advantages).mean()"}, "actor_loss"),
    ("log-probs rebuilt from floats", STEP,
     {LOG_PROBS: "torch.tensor([float(p) for p in log_probs], requires_grad=True)"},
     "actor_gradient"),
    ("a little entropy", STEP,
     {SUM: f"{SUM} + 0.001 * (actor(states_t) * actor(states_t).log()).sum()"},
     "worked_example"),
    ("sum for mean in the critic", STEP, {MSE: f"{MSE} * len(rewards)"}, "critic_loss"),
    ("no zero_grad of the critic", STEP, {"    critic_optimizer.zero_grad()\n": ""},
     "stale_gradients"),
    ("clipped gradients", STEP,
     {"actor_loss.backward()\n": "actor_loss.backward()\n"
      "    torch.nn.utils.clip_grad_norm_(actor.parameters(), 100.0)\n"}, "long_episode"),
    ("a new optimizer each call", STEP,
     {UPDATE_ACTOR: "    actor_optimizer = torch.optim.SGD(actor.parameters(), lr=0.01)\n"
      + UPDATE_ACTOR}, "one_step_each"),
    ("reseeds numpy with 0", STEP, {VALUES: f"    np.random.seed(0)\n{VALUES}"}, "leaves_alone"),
    ("freezes the critic", STEP,
     {RESULT: f"critic.requires_grad_(False)\n    {RESULT}"}, "leaves_alone"),
    ("breaks the actor", STEP, {RESULT: f"del actor.output\n    {RESULT}"}, "runs"),
    ("tensors returned", STEP, {RESULT: "return actor_loss, critic_loss"}, "runs"),
    ("losses swapped", STEP, {RESULT: "return critic_loss.item(), actor_loss.item()"},
     "worked_example"),
    ("state after the step", COLLECT, {
        "        states.append(np.array(state))\n": "",
        "        actions.append(action)": "        states.append(np.array(state))\n"
        "        actions.append(action)"}, "states"),
    ("truncation ignored", COLLECT, {DONE: "done = terminated"}, "ends_when_truncated"),
    ("reset in the loop", COLLECT,
     {"        state_t =": "        state, _ = env.reset()\n        state_t ="}, "runs"),
    ("greedy", COLLECT, {SAMPLE: "p = actor(state_t)\n        action = int(p.argmax())\n"
                         "        log_prob = p[action].log()"}, "follows_the_policy"),
    ("a tenth of the actions random", COLLECT,
     {SAMPLE: f"{SAMPLE}\n        if torch.rand(()) < 0.1:\n"
      "            action = int(env.action_space.sample())\n"
      "        log_prob = actor(state_t)[action].log()"}, "follows_the_policy"),
    ("the same random numbers in each call", COLLECT,
     {SAMPLE: "p = actor(state_t)\n        q = p.detach().double().numpy()\n"
      "        action = int(rng.choice(len(q), p=q / q.sum()))\n"
      "        log_prob = p[action].log()",
      "    done = False\n": "    done = False\n    rng = np.random.default_rng(0)\n"},
     "follows_the_policy"),
    ("first action random", COLLECT,
     {SAMPLE: "p = actor(state_t)\n        action = int(torch.multinomial(p, 1)) if states else "
      "int(env.action_space.sample())\n        log_prob = p[action].log()"}, "follows_the_policy"),
    ("greedy when sure", COLLECT,
     {SAMPLE: f"{SAMPLE}\n        p = actor(state_t)\n"
      "        action = int(p.argmax()) if p.max() > 0.9 else action\n"
      "        log_prob = p[action].log()"}, "follows_the_policy"),
    ("states clipped", COLLECT,
     {"        state_t =": "        state = np.clip(state, -5, 5)\n        state_t ="},
     "copies_states"),
    ("values of an overwritten state", COLLECT, {
        f"        value = {VALUE}\n": "        kept.append(torch.as_tensor(state))\n",
        "        values.append(value)\n": "",
        "    done = False\n": "    done = False\n    kept = []\n",
        f"    {ALL_FIVE}": f"    values = critic(torch.stack(kept)).tolist()\n    {ALL_FIVE}"},
     "copies_states"),
    ("log-prob detached", COLLECT, {"append(log_prob)": "append(log_prob.detach())"},
     "log_prob_graph"),
    ("one buffer", COLLECT, {"np.array(state)": "state"}, "copies_states"),
    ("capped at 1,000", COLLECT, {DONE: f"{DONE} or len(states) == 1000"}, "whole_episode"),
    ("environment closed", COLLECT, {f"    {ALL_FIVE}": f"    env.close()\n    {ALL_FIVE}"},
     "leaves_alone"),
]  # fmt: skip

VARIANTS = [
    ("a second forward without grad", STEP,
     {f"advantages = {ADVANTAGES}":
      "with torch.no_grad():\n        advantages = returns_t - critic(states_t)"}),
    ("one combined loss", STEP, {BOTH: TOGETHER}),
    ("critic first", STEP, {BOTH: UPDATE_CRITIC + UPDATE_ACTOR}),
    ("cleared at the end", STEP, {
        "    actor_optimizer.zero_grad()\n": "",
        "    critic_optimizer.zero_grad()\n": "",
        RESULT: f"actor.zero_grad(set_to_none=False)\n    critic_optimizer.zero_grad()\n    {RESULT}"}),
    ("mean squared error by hand", STEP, {MSE: "((returns_t - values) ** 2).mean()"}),
    ("a loop over the steps", STEP, {
        f"actor_loss = -({LOG_PROBS} * {SUM}":
        "actor_loss = 0\n    for log_prob, advantage in zip(log_probs, advantages):\n"
        "        actor_loss = actor_loss - log_prob * advantage"}),
    ("dot product", STEP, {f"-({LOG_PROBS} * {SUM}": "-torch.dot(torch.stack(log_probs), advantages)"}),
    ("returns by a filter in float64", STEP, {
        RETURNS: "(lambda g, r: np.cumsum((g * r)[::-1])[::-1] / g)"
        "(0.99 ** np.arange(len(rewards)), np.array(rewards, np.float64)).tolist()"}),
    ("a list, and prints", STEP,
     {RESULT: "print(actor_loss)\n    return [float(actor_loss), float(critic_loss)]"}),
    ("not detached, but wiped in time", STEP, {
        ADVANTAGES: "returns_t - values", "actor_loss.backward()":
        "actor_loss.backward(retain_graph=True)"}),
    ("values in one batch after the loop", COLLECT, {
        f"        value = {VALUE}\n": "", "        values.append(value)\n": "",
        f"    {ALL_FIVE}": "    with torch.no_grad():\n        batch = torch.as_tensor("
        f"np.array(states), dtype=torch.float32)\n        values = critic(batch).tolist()\n    {ALL_FIVE}"}),
    ("an own Categorical", COLLECT, {SAMPLE: "policy = torch.distributions.Categorical(actor(state_t))\n"
                                     "        sampled = policy.sample()\n"
                                     "        action, log_prob = sampled.item(), policy.log_prob(sampled)"}),
    ("numpy's random numbers", COLLECT, {SAMPLE: "p = actor(state_t)\n"
                                         "        q = p.detach().double().numpy()\n"
                                         "        action = int(np.random.choice(len(q), p=q / q.sum()))\n"
                                         "        log_prob = p[action].log()"}),
    ("a float with a warning, a list of five", COLLECT,
     {VALUE: "float(critic(state_t))", ALL_FIVE: "return [states, actions, rewards, log_probs, values]"}),
]  # fmt: skip


def edited(exercise: str, changes: dict[str, str]) -> dict[str, str]:
    source = (ROOT / "reference" / f"{exercise}.py").read_text("utf-8")
    for old, new in changes.items():
        assert old in source, f"the reference no longer holds {old!r}"
        source = source.replace(old, new)
    return {exercise: source}


@pytest.mark.parametrize(
    ("exercise", "changes", "caught_by"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_loses_points_once(exercise, changes, caught_by, submit, grade_here):
    results = grade_here(submit(**edited(exercise, changes)))
    assert sum(result.points for result in results.values()) < 80
    own = [r for r in results.values() if r.status != "passed" and not r.waits_for]
    assert [r.id for r in own] == [f"{exercise}/{caught_by}"]
    assert own[0].message.startswith("Diagnosis: ")
    assert all(len(line) <= 80 for line in own[0].message.splitlines())


@pytest.mark.parametrize(
    ("exercise", "changes"), [v[1:] for v in VARIANTS], ids=[v[0] for v in VARIANTS]
)
def test_an_honest_alternative_gets_all_points(exercise, changes, submit, grade_here):
    results = grade_here(submit(**edited(exercise, changes)), learning=True)
    assert {r.id: r.message for r in results.values() if r.status != "passed"} == {}
    assert sum(result.points for result in results.values()) == 100


def test_a_leak_that_is_wiped_in_time_is_advice(submit, grade_here):
    changes = next(v[2] for v in VARIANTS if v[0] == "not detached, but wiped in time")
    results = grade_here(submit(**edited(STEP, changes)))
    (advice,) = results["actor_critic_step/critic_isolated"].advice
    assert "wipe" in advice
