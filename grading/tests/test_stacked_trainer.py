"""The stacked trainer: many runs at once, and each of them as if it were alone."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch

from grading.bank.pipeline import faulty
from grading.oracle import reference_function
from lesson import Actor, Critic, compute_returns
from lesson.methods import actor_critic, with_extras
from lesson.stacked import NotStackable, Played, Settings, Trainer, discounted, learner_of

STEP = "actor_critic_step"
REFERENCE = reference_function(STEP, STEP)
RUNS, EPISODES = 16, 20
SETTINGS = Settings(EPISODES)
WITHIN = 1e-5


def in_double(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
    """The lesson's formulas; the reference takes its states as float32, whatever they are."""
    returns = torch.tensor(compute_returns(rewards), dtype=torch.float64)
    values = critic(torch.from_numpy(np.array(states)))
    for optimizer, loss in (
        (actor_optimizer, -(torch.stack(log_probs) * (returns - values.detach())).sum()),
        (critic_optimizer, ((returns - values) ** 2).mean()),
    ):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Plain:
    """One run of the lesson's loop, on episodes that were played elsewhere."""

    def __init__(self, trainer, run, settings, step):
        self.actor, self.critic, self._step = Actor(4, 2), Critic(4), step
        for network, weights in (
            (self.actor, trainer.agents.actor(run)),
            (self.critic, trainer.agents.critic(run)),
        ):
            network.to(weights["hidden.bias"].dtype).load_state_dict(weights)
        self._optimizers = (
            torch.optim.Adam(self.actor.parameters(), settings.actor_lr),
            torch.optim.Adam(self.critic.parameters(), settings.critic_lr),
        )

    def learn(self, played: Played):
        states = played.states.astype(self.actor.hidden.weight.detach().numpy().dtype)
        actions = torch.from_numpy(played.actions)
        log_probs = self.actor(torch.from_numpy(states)).log().gather(1, actions[:, None])[:, 0]
        self._step(
            self.actor,
            self.critic,
            *self._optimizers,
            list(states),
            list(log_probs.unbind()),
            [1.0] * len(states),
        )


def one_model(agents, row):
    """The weights of a shared agent, as the reference's model calls them."""
    actor, critic = agents.actor(row), agents.critic(row)
    assert torch.equal(actor["hidden.weight"], critic["hidden.weight"])
    return {
        f"{layer}.{kind}": weights[f"{ours}.{kind}"]
        for layer, weights, ours in (
            ("trunk", actor, "hidden"),
            ("policy_head", actor, "output"),
            ("value_head", critic, "output"),
        )
        for kind in ("weight", "bias")
    }


class PlainTrunk:
    """The same of one network with two heads."""

    def __init__(self, trainer, run, settings, step):
        self.model = reference_function("challenges/shared_backbone", "SharedActorCritic")(4, 2)
        self.model.load_state_dict(one_model(trainer.agents, run))
        self._optimizer, self._step = (
            torch.optim.Adam(self.model.parameters(), settings.actor_lr),
            step,
        )

    def learn(self, played: Played):
        probs, _ = self.model(torch.from_numpy(played.states))
        chosen = probs.log().gather(1, torch.from_numpy(played.actions)[:, None])[:, 0]
        rewards = [1.0] * len(played.states)
        self._step(self.model, self._optimizer, list(played.states), list(chosen.unbind()), rewards)


def differences(learner, step, settings=SETTINGS, dtype=torch.float32):
    """The largest difference of a weight, for each run, after the last episode."""
    played: list[Played] = []
    trainer = Trainer(learner, RUNS, 0, settings, places=RUNS, watch=played.append, dtype=dtype)
    plain = [Plain(trainer, run, settings, step) for run in range(RUNS)]
    for _ in trainer.train():
        pass
    assert len(played) == RUNS * settings.episodes
    for one in played:
        plain[one.run].learn(one)
    return [
        max(
            float((weight - mine[name]).abs().max())
            for network, mine in (
                (plain[i].actor, trainer.agents.actor(i)),
                (plain[i].critic, trainer.agents.critic(i)),
            )
            for name, weight in network.state_dict().items()
        )
        for i in range(RUNS)
    ]


SHARED = "challenges/shared_backbone"
SHARED_REFERENCE = reference_function(SHARED, "shared_actor_critic_step")


@pytest.mark.parametrize(
    ("learner", "step"),
    [
        pytest.param(with_extras(value_coefficient=0.5), SHARED_REFERENCE, id="reference"),
        *(
            pytest.param(learner_of(step, shared=True), step, id=name)
            for name, step in [
                ("reference, asked", SHARED_REFERENCE),
                *((name, faulty(SHARED, name)) for name in ("never_clears", "critic_only")),
            ]
        ),
    ],
)
def test_one_trunk_with_two_heads_has_the_weights_of_the_plain_loop(learner, step):
    played: list[Played] = []
    settings = Settings(EPISODES, shared=True)
    trainer = Trainer(learner, RUNS, 0, settings, places=RUNS, watch=played.append)
    plain = [PlainTrunk(trainer, run, settings, step) for run in range(RUNS)]
    for _ in trainer.train():
        pass
    for one in played:
        plain[one.run].learn(one)
    found = [
        max(
            float((weight - plain[i].model.state_dict()[name]).abs().max())
            for name, weight in one_model(trainer.agents, i).items()
        )
        for i in range(RUNS)
    ]
    assert np.median(found) < WITHIN


@pytest.mark.parametrize(
    ("learner", "step"),
    [
        pytest.param(
            with_extras(beta=0.5),
            partial(
                reference_function("challenges/entropy_bonus", "entropy_regularised_step"), beta=0.5
            ),
            id="entropy bonus",
        ),
        pytest.param(actor_critic, REFERENCE, id="reference"),
        *(
            pytest.param(learner_of(step), step, id=name)
            for name, step in [
                ("reference, asked", REFERENCE),
                *(
                    (name, faulty(STEP, name))
                    for name in (
                        "sign_lost",
                        "update_never_clears",
                        "advantages_without_baseline",
                        "update_without_the_critics_step",
                        "advantages_with_graph",
                        "values_of_the_next_states",
                    )
                ),
            ]
        ),
    ],
)
def test_after_twenty_episodes_it_has_the_weights_of_the_plain_loop(learner, step):
    found = differences(learner, step)
    # Where a unit is at its kink to the last bit, float32 may go either way, and Adam makes much of
    # it: so not all runs, but see the next test.
    assert np.median(found) < WITHIN


def test_in_double_precision_the_weights_of_all_runs_are_the_same_at_any_learning_rate():
    fast = Settings(EPISODES, actor_lr=0.005, critic_lr=0.05)
    assert max(differences(actor_critic, in_double, fast, torch.float64)) < 1e-9


def test_another_learner_has_other_weights():
    assert min(differences(learner_of(faulty(STEP, "sign_lost")), REFERENCE)) > 0.01


def test_discounted_returns_are_the_lessons():
    rewards = np.random.default_rng(0).normal(size=(3, 400))
    expected = [compute_returns(row) for row in rewards.tolist()]
    np.testing.assert_allclose(discounted(torch.from_numpy(rewards)), expected, rtol=1e-9)


def test_all_is_fixed_by_the_seed_and_every_run_is_another_one():
    def rewards(seed):
        trainer = Trainer(actor_critic, 12, seed, Settings(4), places=5)
        finished = list(trainer.train())
        assert finished[-1] == trainer.rewards.size
        assert trainer.steps == trainer.rewards.sum()
        return trainer.rewards

    np.testing.assert_array_equal(rewards(1), rewards(1))
    assert not np.array_equal(rewards(1), rewards(2))
    assert len(np.unique(rewards(1), axis=0)) == 12


def test_episodes_are_those_that_cartpole_plays():
    """Each begins near the middle, and all but the last of its states are inside of the limits."""
    played: list[Played] = []
    trainer = Trainer(actor_critic, 6, 0, Settings(5), places=6, watch=played.append)
    for _ in trainer.train():
        pass
    for one in played:
        assert len(one.states) == len(one.actions)
        assert (np.abs(one.states[0]) <= 0.05).all()
        assert (np.abs(one.states[:, 0]) <= 2.4).all()
        pushed = np.sign(one.states[1:, 1] - one.states[:-1, 1])
        np.testing.assert_array_equal(pushed, 2 * one.actions[:-1] - 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("update_steps_twice", "more than one step"),
        ("values_of_normalised_states", "something else"),
    ],
)
def test_a_step_that_asks_for_more_cannot_be_stacked(name, reason):
    trainer = Trainer(learner_of(faulty(STEP, name)), 2, 0, Settings(2))
    with pytest.raises(NotStackable, match=reason):
        list(trainer.train())


# -- environments


@pytest.mark.parametrize("env_name", ["CartPole-v1", "Acrobot-v1"])
def test_every_episode_is_one_that_the_environment_would_have_played(env_name):
    """No step is lost, doubled or mixed up, however the environments are stepped."""
    played = []
    settings = Settings(2, env_name=env_name)
    trainer = Trainer(actor_critic, 3, 0, settings, places=2, watch=played.append)
    for _ in trainer.train():
        pass
    assert len(played) == 6
    env = gym.make(env_name).unwrapped
    for episode in played:
        for t, action in enumerate(episode.actions[:-1]):
            env.reset()
            env.state = state_of(env_name, episode.states[t])
            following, *_ = env.step(int(action))
            np.testing.assert_allclose(episode.states[t + 1], following, rtol=1e-3, atol=1e-4)
    assert np.isfinite(trainer.rewards).all()
    assert trainer.steps == sum(len(episode.states) for episode in played)


def state_of(env_name, shown):
    """The state of an environment, from what it shows of it."""
    if env_name == "CartPole-v1":
        return shown.astype(np.float64)
    cos1, sin1, cos2, sin2, *speeds = shown.astype(np.float64)
    return np.array([np.arctan2(sin1, cos1), np.arctan2(sin2, cos2), *speeds])


def test_rewards_are_those_that_the_environment_paid():
    played = []
    settings = Settings(1, env_name="Acrobot-v1")
    trainer = Trainer(actor_critic, 3, 1, settings, watch=played.append)
    for _ in trainer.train():
        pass
    for episode in played:
        # -1 for each step, but for the last one if it got there before the time was up.
        paid = trainer.rewards[episode.run, 0]
        assert paid == -len(episode.states) + (len(episode.states) < 500)


def test_actions_are_drawn_from_the_policy_of_three_actions_too():
    settings = Settings(1, env_name="Acrobot-v1")
    trainer = Trainer(actor_critic, 1, 0, settings)
    probabilities = np.array([0.2, 0.5, 0.3])
    trainer._logits = lambda observations: np.log(np.tile(probabilities, (len(observations), 1)))
    drawn = trainer._act(np.zeros((60_000, 6)))
    np.testing.assert_allclose(np.bincount(drawn) / 60_000, probabilities, atol=0.01)


@pytest.mark.parametrize(
    ("env_name", "message"),
    [("Pendulum-v1", "discrete actions"), ("FrozenLake-v1", "flat observations")],
)
def test_environments_of_another_kind_are_refused(env_name, message):
    with pytest.raises(ValueError, match=message):
        Trainer(actor_critic, 1, 0, Settings(1, env_name=env_name))
