"""Mistakes in the returns."""

import numpy as np
from torch import Tensor

from grading.bank.mistakes.actor_critic_step.pipeline import PIPELINE, Step, following, returns
from lesson import GAMMA, compute_returns

READ = "returns"


@PIPELINE.mistake(
    "returns",
    title="the returns are summed up from the first step on instead of from the last",
    misconception="the running sum was started at the beginning of the episode, so that each "
    "step is credited with the past",
    hint="which rewards can an action still influence: those before it or those after it?",
    read=READ,
)
def returns_accumulated_forwards(step: Step) -> Tensor:
    """G_t = r_t + gamma * G_{t-1}."""
    return step.tensor(compute_returns(step.rewards[::-1])[::-1])


@PIPELINE.mistake(
    "returns",
    title="the returns stand in reverse order",
    misconception="the returns were computed from the last step to the first, and left in that "
    "order",
    hint="which step does the first number of your list of returns belong to?",
    read=READ,
)
def returns_not_reversed_back(step: Step) -> Tensor:
    """The last step's return comes first."""
    return step.tensor(compute_returns(step.rewards)[::-1])


@PIPELINE.mistake(
    "returns",
    title="every step has the return of the whole episode",
    misconception="the total of the episode was taken for the return of each step",
    hint="does an action deserve credit for what was paid before it?",
    read=READ,
)
def returns_same_total(step: Step) -> Tensor:
    """G_0 for all steps: a course on deep RL did it, see huggingface/deep-rl-class#70."""
    return step.tensor([compute_returns(step.rewards)[0]] * step.length)


@PIPELINE.form_of("returns_same_total", "returns")
def returns_same_total_undiscounted(step: Step) -> Tensor:
    """The sum of all rewards for all steps."""
    return step.tensor([sum(step.rewards)] * step.length)


@PIPELINE.mistake(
    "returns",
    title="the rewards are not discounted",
    misconception="a reward many steps away was taken to count as much as one paid at once",
    hint="by what is a reward multiplied that comes k steps later?",
    read=READ,
)
def returns_undiscounted(step: Step) -> Tensor:
    """Gamma = 1."""
    return step.tensor(compute_returns(step.rewards, 1.0))


@PIPELINE.mistake(
    "returns",
    title="the discount is not the lesson's 0.99",
    misconception="gamma was set to a value from another course or example",
    hint="which gamma do the lesson's returns use, and who computes them?",
    read=READ,
    values=[0.9, 0.95, 0.98, 0.995, 0.999, 0.5, 0.8],
)
def returns_other_gamma(step: Step, gamma: float) -> Tensor:
    """Another discount."""
    return step.tensor(compute_returns(step.rewards, gamma))


@PIPELINE.mistake(
    "returns",
    title="each later reward is discounted twice",
    misconception="gamma is applied by the recursion, and once more to what goes into it or comes "
    "out of it",
    hint="how often is gamma multiplied in when a reward is one step away?",
    read=READ,
)
def returns_discounted_twice(step: Step) -> Tensor:
    """Gamma squared."""
    return step.tensor(compute_returns(step.rewards, GAMMA**2))


@PIPELINE.mistake(
    "returns",
    title="the whole return is multiplied by gamma, this step's reward included",
    misconception="the reward of the step itself was taken to come one step later",
    hint="how many steps away is r_t, seen from step t?",
    read=READ,
)
def returns_scaled_by_gamma(step: Step) -> Tensor:
    """Gamma * G_t."""
    return GAMMA * returns(step)


@PIPELINE.mistake(
    "returns",
    title="the reward of the step itself is missing from its return",
    misconception="the return was taken to begin with the next reward",
    hint="what does an action earn first?",
    read=READ,
)
def returns_without_own_reward(step: Step) -> Tensor:
    """G_t - r_t."""
    return returns(step) - step.tensor(step.rewards)


@PIPELINE.form_of("returns_without_own_reward", "returns")
def returns_of_the_next_step(step: Step) -> Tensor:
    """G_{t+1}, without the discount in front of it."""
    return step.tensor([*compute_returns(step.rewards)[1:], 0.0])


@PIPELINE.mistake(
    "returns",
    title="returns are discounted from the start of the episode",
    misconception="gamma was raised to the number of the step, and not to the distance from it",
    hint="how far away is a reward from the step whose return it enters?",
    read=READ,
)
def returns_discounted_from_the_start(step: Step) -> Tensor:
    """gamma^t * G_t."""
    return returns(step) * step.tensor(GAMMA ** np.arange(step.length))


@PIPELINE.mistake(
    "returns",
    title="the returns add up the rewards of the past",
    misconception="a cumulative sum over the rewards, which runs from the beginning, was taken for "
    "the return",
    hint="at the last step, how much is still to come?",
    read=READ,
)
def returns_of_the_past(step: Step) -> Tensor:
    """The sum of r_0 to r_t."""
    return step.tensor(np.cumsum(step.rewards))


@PIPELINE.form_of("returns_of_the_past", "returns")
def returns_of_the_discounted_past(step: Step) -> Tensor:
    """The sum of gamma^k r_k up to t."""
    return step.tensor(np.cumsum(np.array(step.rewards) * GAMMA ** np.arange(step.length)))


@PIPELINE.mistake(
    "returns",
    title="the critic's estimate is added after the last step",
    misconception="the episode was taken to go on after its end, so that the last value stands in "
    "for the rest",
    hint="how much is paid after the end of a finished episode?",
    read=READ,
)
def returns_bootstrapped(step: Step) -> Tensor:
    """V(s_{T-1}) for what comes after the last reward."""
    last = float(step.critic(step.tensor(step.states))[-1])
    return step.tensor(compute_returns([*step.rewards, last])[:-1])


@PIPELINE.form_of("returns_bootstrapped", "returns")
def returns_bootstrapped_at_the_limit(step: Step) -> Tensor:
    """The same, in episodes as long as CartPole's limit."""
    return (returns_bootstrapped if step.length >= 500 else returns)(step)


@PIPELINE.form_of("returns_bootstrapped", "returns")
def returns_begun_with_the_last_value(step: Step) -> Tensor:
    """V(s_{T-1}) in the place of the last return."""
    last = float(step.critic(step.tensor(step.states))[-1])
    return step.tensor(compute_returns([*step.rewards[:-1], last]))


@PIPELINE.mistake(
    "returns",
    title="the caller's list of rewards is changed",
    misconception="a list was reversed or overwritten in place, and lists belong to whoever made "
    "them",
    hint="does the caller still have the rewards of the episode after the call?",
    read="exercise-1-the-update",
)
def returns_change_the_rewards(step: Step) -> Tensor:
    """Right returns from a list that stays reversed."""
    step.rewards.reverse()
    return step.tensor(compute_returns(step.rewards[::-1]))


@PIPELINE.form_of("returns_change_the_rewards", "returns")
def returns_written_over_the_rewards(step: Step) -> Tensor:
    """The recursion runs in the list itself."""
    for t in reversed(range(step.length - 1)):
        step.rewards[t] += GAMMA * step.rewards[t + 1]
    return step.tensor(step.rewards)


@PIPELINE.mistake(
    "returns",
    title="the returns are normalised",
    misconception="returns were shifted to mean zero and scaled to spread one, a trick that other "
    "algorithms use",
    hint="what does the critic have to predict: points, or standard deviations?",
    read=READ,
    values=[1e-8, 1e-9, 0.0, 1e-6, 1e-5],
)
def returns_normalised(step: Step, epsilon: float) -> Tensor:
    """(G - mean) / (std + epsilon), NaN at T = 1."""
    all_of_them = returns(step)
    return (all_of_them - all_of_them.mean()) / (all_of_them.std() + epsilon)


@PIPELINE.form_of("returns_normalised", "returns", values=[1e-8, 1e-9, 1e-6])
def returns_normalised_by_numpy(step: Step, epsilon: float) -> Tensor:
    """With numpy's biased spread, zero at T = 1."""
    all_of_them = np.array(compute_returns(step.rewards))
    return step.tensor((all_of_them - all_of_them.mean()) / (all_of_them.std() + epsilon))


@PIPELINE.form_of("returns_normalised", "returns", values=[1e-8, 1e-9, 1e-6])
def returns_normalised_if_several(step: Step, epsilon: float) -> Tensor:
    """Left as they are at T = 1."""
    return returns_normalised(step, epsilon) if step.length > 1 else returns(step)


@PIPELINE.mistake(
    "returns",
    title="the mean return is subtracted from the returns themselves",
    misconception="a baseline was subtracted from the returns, although the critic already is one",
    hint="which baseline does the advantage subtract already, and is it the same for all states?",
    read=READ,
)
def returns_centred(step: Step) -> Tensor:
    """G - mean(G)."""
    return returns(step) - returns(step).mean()


@PIPELINE.mistake(
    "returns",
    title="the returns are scaled",
    misconception="numbers were brought to the order of one, as is usual for inputs of a network",
    hint="in which units are rewards paid, and in which does the critic predict?",
    read=READ,
)
def returns_scaled_by_the_largest(step: Step) -> Tensor:
    """G / max|G|."""
    return returns(step) / returns(step).abs().max().clamp(min=1e-8)


@PIPELINE.form_of("returns_scaled_by_the_largest", "returns", values=[100.0, 10.0, 500.0])
def returns_divided(step: Step, by: float) -> Tensor:
    """G / a constant."""
    return returns(step) / by


@PIPELINE.form_of("returns_scaled_by_the_largest", "returns")
def returns_divided_by_the_length(step: Step) -> Tensor:
    """G / T."""
    return returns(step) / step.length


@PIPELINE.mistake(
    "returns",
    title="fractions of rewards are cut off",
    misconception="rewards were made whole numbers on the way",
    hint="what becomes of a reward of 0.5 on its way into the returns?",
    read=READ,
)
def returns_of_integer_rewards(step: Step) -> Tensor:
    """int(r)."""
    return step.tensor(compute_returns([int(reward) for reward in step.rewards]))


@PIPELINE.form_of("returns_of_integer_rewards", "returns")
def returns_of_rounded_rewards(step: Step) -> Tensor:
    """round(r)."""
    return step.tensor(compute_returns([round(reward) for reward in step.rewards]))


@PIPELINE.mistake(
    "returns",
    title="the rewards are clipped",
    misconception="rewards were cut to between -1 and 1, as is done for Atari games",
    hint="does a reward of 5 count five times as much as one of 1?",
    read=READ,
)
def returns_of_clipped_rewards(step: Step) -> Tensor:
    """Rewards between -1 and 1."""
    return step.tensor(compute_returns(np.clip(step.rewards, -1, 1).tolist()))


@PIPELINE.form_of("returns_of_clipped_rewards", "returns")
def returns_of_signs(step: Step) -> Tensor:
    """Only the sign of a reward."""
    return step.tensor(compute_returns(np.sign(step.rewards).tolist()))


@PIPELINE.mistake(
    "returns",
    title="negative rewards lose their sign, or count as zero",
    misconception="rewards were taken to be never negative, as in CartPole",
    hint="what becomes of a reward of -1 on its way into the returns?",
    read=READ,
)
def returns_of_absolute_rewards(step: Step) -> Tensor:
    """|r|."""
    return step.tensor(compute_returns([abs(reward) for reward in step.rewards]))


@PIPELINE.form_of("returns_of_absolute_rewards", "returns")
def returns_of_positive_rewards(step: Step) -> Tensor:
    """max(r, 0)."""
    return step.tensor(compute_returns([max(reward, 0.0) for reward in step.rewards]))


@PIPELINE.mistake(
    "returns",
    title="the return starts anew in the middle of the episode",
    misconception="a certain reward, such as one other than zero in Pong, was taken for the end "
    "of a game",
    hint="what marks the end of an episode here?",
    read=READ,
)
def returns_reset_at_rewards(step: Step) -> Tensor:
    """The running sum is cleared at each reward other than zero."""
    running, backwards = 0.0, []
    for reward in reversed(step.rewards):
        running = reward + (0.0 if reward != 0 else GAMMA * running)
        backwards.append(running)
    return step.tensor(backwards[::-1])


@PIPELINE.form_of("returns_reset_at_rewards", "returns")
def returns_reset_at_zeros(step: Step) -> Tensor:
    """The running sum is cleared at each reward of zero."""
    running, backwards = 0.0, []
    for reward in reversed(step.rewards):
        running = 0.0 if reward == 0 else reward + GAMMA * running
        backwards.append(running)
    return step.tensor(backwards[::-1])


@PIPELINE.mistake(
    "returns",
    title="the returns are clipped",
    misconception="a bound was put on the returns, perhaps one that CartPole hardly reaches",
    hint="is there a largest return that an environment may pay?",
    read=READ,
    values=[500.0, 100.0, 200.0, 10.0],
)
def returns_clipped(step: Step, bound: float) -> Tensor:
    """G between -bound and bound."""
    return returns(step).clamp(-bound, bound)


@PIPELINE.mistake(
    "returns",
    title="each step has only its own reward for a return",
    misconception="the reward of a step was taken for its return",
    hint="which later rewards does an action also bring about?",
    read=READ,
)
def returns_are_rewards(step: Step) -> Tensor:
    """r_t."""
    return step.tensor(step.rewards)


@PIPELINE.form_of("returns_are_rewards", "returns")
def returns_are_discounted_rewards(step: Step) -> Tensor:
    """gamma^t r_t."""
    return step.tensor(np.array(step.rewards) * GAMMA ** np.arange(step.length))


@PIPELINE.mistake(
    "returns",
    title="the return looks only one step ahead",
    misconception="the sum was stopped after the next reward instead of at the end",
    hint="in G_t = r_t + gamma G_{t+1}, at which step does the chain end?",
    read=READ,
)
def returns_of_two_rewards(step: Step) -> Tensor:
    """r_t + gamma * r_{t+1}."""
    rewards = np.array(step.rewards)
    return step.tensor(rewards + GAMMA * np.append(rewards[1:], 0.0))


@PIPELINE.mistake(
    "returns",
    title="the returns are one reward plus the critic's forecast of the rest",
    misconception="the next value was taken for the rest of the return, as in temporal differences",
    hint="here the episode is over: is a forecast of its rewards still needed?",
    read=READ,
)
def returns_of_one_step_forecasts(step: Step) -> Tensor:
    """r_t + gamma * V(s_{t+1})."""
    values = step.critic(step.tensor(step.states)).detach()
    return step.tensor(step.rewards) + GAMMA * following(values)


@PIPELINE.mistake(
    "returns",
    title="the discount is multiplied onto the reward instead of onto what follows",
    misconception="in the recursion, gamma stands in front of the wrong term",
    hint="in G_t = r_t + gamma G_{t+1}, which of the two terms is discounted?",
    read=READ,
)
def returns_with_discounted_rewards(step: Step) -> Tensor:
    """G_t = gamma * r_t + G_{t+1}."""
    return GAMMA * returns_undiscounted(step)


@PIPELINE.mistake(
    "returns",
    title="the returns are averaged over the steps that remain",
    misconception="a mean was taken where the return is a sum",
    hint="should a long future count no more than a short one?",
    read=READ,
)
def returns_averaged(step: Step) -> Tensor:
    """G_t divided by T - t."""
    return returns(step) / step.tensor(np.arange(step.length, 0, -1))


@PIPELINE.mistake(
    "returns",
    title="the last reward never enters the returns",
    misconception="the loop over the steps stops one short of the end",
    hint="with T rewards, which is the last index that your loop visits?",
    read=READ,
)
def returns_without_the_last_reward(step: Step) -> Tensor:
    """The last reward counts as zero."""
    return step.tensor(compute_returns([*step.rewards[:-1], 0.0]))


@PIPELINE.mistake(
    "returns",
    title="the first step has no return",
    misconception="the backward loop stops before it reaches step 0",
    hint="which step does your backward loop visit last?",
    read=READ,
)
def returns_without_the_first(step: Step) -> Tensor:
    """G_0 = 0."""
    return step.tensor([0.0, *compute_returns(step.rewards)[1:]])
