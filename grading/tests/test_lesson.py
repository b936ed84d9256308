"""The given code does what the lesson says of it."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from grading.solution import Solution, find_solution
from lesson import Actor, Critic, compute_advantages, compute_returns, train_actor_critic
from lesson.training import make_networks


def test_returns_discount_what_is_further_away():
    assert compute_returns([1.0, 10.0, 100.0], gamma=0.5) == [31.0, 60.0, 100.0]


def test_returns_leave_the_rewards_alone():
    rewards = [1.0, 2.0]
    compute_returns(rewards)
    assert rewards == [1.0, 2.0]


def test_advantages_send_no_gradient_to_the_critic():
    critic = Critic(4)
    states = [np.zeros(4), np.ones(4)]
    advantages, returns, values = compute_advantages([5.0, 4.0], states, critic)
    assert advantages.shape == returns.shape == values.shape == (2,)
    assert not advantages.requires_grad
    torch.testing.assert_close(advantages, returns - values)


def test_the_critic_gives_a_scalar_for_a_state_and_a_vector_for_a_batch():
    critic = Critic(4)
    assert critic(torch.zeros(4)).shape == ()
    assert critic(torch.zeros(3, 4)).shape == (3,)


@pytest.mark.parametrize("spread", [1.0, 100.0], ids=["ordinary", "near certain"])
def test_sampling_gives_what_categorical_gives(spread):
    torch.manual_seed(0)
    actor = Actor(4, 3)
    with torch.no_grad():
        actor.output.weight.mul_(spread)
    for seed in range(50):
        state = torch.randn(4)
        torch.manual_seed(seed)
        action, log_prob = actor.sample_action(state)
        gradient = torch.autograd.grad(log_prob, list(actor.parameters()))
        torch.manual_seed(seed)
        distribution = torch.distributions.Categorical(actor(state))
        expected_action = distribution.sample()
        expected = distribution.log_prob(expected_action)
        assert type(action) is int
        assert action == expected_action.item()
        assert log_prob.shape == ()
        torch.testing.assert_close(log_prob, expected, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(
            gradient,
            torch.autograd.grad(expected, list(actor.parameters())),
            rtol=1e-3,
            atol=1e-5,
        )


@pytest.fixture(scope="module")
def reference():
    solution = Solution(find_solution("reference"), package="reference")
    return (
        solution.function("actor_critic_step", "actor_critic_step"),
        solution.function("collect_episode", "collect_episode_with_values"),
    )


def test_a_seed_fixes_a_training_run_and_leaves_the_global_state(reference):
    before = torch.get_rng_state()
    first, second, other = (
        train_actor_critic(*reference, num_episodes=3, seed=seed) for seed in (1, 1, 2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert first.reward_history == second.reward_history
    assert first.actor_losses == second.actor_losses
    assert first.actor_losses != other.actor_losses
    assert len(first.reward_history) == len(first.critic_losses) == 3


def test_training_calls_the_functions_it_is_given_and_nothing_else(reference):
    _, collect = reference
    collected, stepped = [], []

    def own_collect(*arguments):
        episode = collect(*arguments)
        collected.append(episode)
        return episode

    def own_step(actor, critic, actor_optimizer, critic_optimizer, states, log_probs, rewards):
        stepped.append((states, log_probs, rewards))
        return 1.5, 2.5

    run = train_actor_critic(own_step, own_collect, num_episodes=2, seed=0)
    assert run.actor_losses == [1.5, 1.5]
    for (states, _, rewards, log_probs, _), given in zip(collected, stepped, strict=True):
        assert given[0] is states
        assert given[1] is log_probs
        assert given[2] is rewards


def test_training_of_no_episodes_is_empty(reference):
    assert train_actor_critic(*reference, num_episodes=0).reward_history == []


def test_an_environment_with_continuous_actions_is_refused():
    with pytest.raises(ValueError, match="discrete actions"):
        make_networks(gym.make("Pendulum-v1"), seed=0)
