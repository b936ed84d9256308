"""Three policy gradient methods, from the oldest to the lesson's, as learners of stacked runs.

All three follow the gradient of -sum_t log pi(a_t|s_t) * w_t. They differ in the weight w_t alone:
how good was what followed on this action?
"""

from dataclasses import replace

from lesson.stacked import Episodes, Learner, Signal, discounted


def reinforce(episodes: Episodes) -> Signal:
    """The return: w_t = G_t.

    Source: Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
    Reinforcement Learning", 1992.
    """
    return Signal(-discounted(episodes.rewards) * episodes.mask, None)


def reinforce_with_baseline(episodes: Episodes) -> Signal:
    """The return, less the episode's mean return: w_t = G_t - mean(G)."""
    returns = discounted(episodes.rewards) * episodes.mask
    baseline = returns.sum(1, keepdim=True) / episodes.lengths[:, None]
    return Signal((baseline - returns) * episodes.mask, None)


def actor_critic(episodes: Episodes) -> Signal:
    """The advantage: w_t = G_t - V(s_t); the critic follows the gradient of mean((G - V)^2).

    The same update as the reference's `actor_critic_step`, which a test says.
    Source: Sutton and Barto, "Reinforcement Learning", 2nd edition, section 13.4, where this is
    called REINFORCE with (a learned) baseline; here without its factor gamma^t.
    """
    advantages = (discounted(episodes.rewards) - episodes.values) * episodes.mask
    return Signal(-advantages, -2 * advantages / episodes.lengths[:, None])


def with_extras(beta: float = 0.0, value_coefficient: float = 1.0) -> Learner:
    """Actor-Critic as in the challenges: with an entropy bonus, and a weight of the critic's loss.

    The weight is for agents whose networks share a trunk: an Adam optimizer of the critic's own
    undoes it.
    """

    def learn(episodes: Episodes) -> Signal:
        signal = actor_critic(episodes)
        assert signal.by_values is not None
        return replace(
            signal,
            by_values=value_coefficient * signal.by_values,
            by_entropies=-beta * episodes.mask if beta else None,
        )

    return learn


METHODS: dict[str, Learner] = {
    "reinforce": reinforce,
    "baseline": reinforce_with_baseline,
    "actor-critic": actor_critic,
}
TITLES = {
    "reinforce": "REINFORCE",
    "baseline": "REINFORCE with baseline",
    "actor-critic": "Actor-Critic",
}
