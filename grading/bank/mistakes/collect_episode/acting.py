"""Mistakes in drawing an action and its log-probability."""

import torch

from grading.bank.mistakes.collect_episode.pipeline import PIPELINE, Play, act, log_of, take

READ = "exercise-2-collecting-an-episode"


@PIPELINE.mistake(
    "act",
    title="the likeliest action is always taken",
    misconception="the best action was taken, as in a demonstration, instead of a sample from the "
    "policy",
    hint="how would the actor ever find out what another action brings?",
    read=READ,
)
def act_greedily(play: Play) -> None:
    """Argmax."""
    probabilities = play.probabilities()
    take(play, int(probabilities.argmax()), probabilities)


@PIPELINE.mistake(
    "act",
    title="actions are drawn at random, whatever the policy says",
    misconception="the environment's own sampling was used instead of the actor's probabilities",
    hint="who decides: the environment's action space or the actor?",
    read=READ,
)
def act_uniformly(play: Play) -> None:
    """All actions alike, with the policy's log-probs."""
    probabilities = play.probabilities()
    take(play, play.draw(torch.full_like(probabilities, 1 / len(probabilities))), probabilities)


@PIPELINE.mistake(
    "act",
    title="some actions are drawn without regard to the policy",
    misconception="exploration was added as in Q-learning; a policy explores by itself",
    hint="with which probability should each action be taken, and who says so?",
    read=READ,
    values=[0.1, 0.2, 0.05],
)
def act_with_exploration(play: Play, epsilon: float) -> None:
    """epsilon-greedy's epsilon on top of the policy."""
    probabilities = play.probabilities()
    mixed = (1 - epsilon) * probabilities + epsilon / len(probabilities)
    take(play, play.draw(mixed), probabilities)


@PIPELINE.form_of("act_with_exploration", "act", values=[0.1, 0.2])
def act_greedily_with_exploration(play: Play, epsilon: float) -> None:
    """epsilon-greedy itself."""
    probabilities = play.probabilities()
    mixed = torch.full_like(probabilities, epsilon / len(probabilities))
    mixed[probabilities.argmax()] += 1 - epsilon
    take(play, play.draw(mixed), probabilities)


@PIPELINE.mistake(
    "act",
    title="the policy is sharpened or flattened before actions are drawn",
    misconception="a temperature was put on the probabilities",
    hint="with which probability should each action be taken, and who says so?",
    read=READ,
    values=[2.0, 0.5],
)
def act_with_a_temperature(play: Play, temperature: float) -> None:
    """pi^(1/temperature), with the policy's log-probs."""
    probabilities = play.probabilities()
    take(play, play.draw(torch.softmax(probabilities.log() / temperature, dim=-1)), probabilities)


@PIPELINE.mistake(
    "act",
    title="only two of the actions are ever drawn",
    misconception="a coin was flipped for the second action, as if there were no third",
    hint="how many actions may an environment have?",
    read=READ,
)
def act_by_one_coin(play: Play) -> None:
    """Bernoulli of pi(1|s), with the policy's log-probs."""
    probabilities = play.probabilities()
    coin = torch.zeros_like(probabilities)
    coin[0], coin[1] = 1 - probabilities[1], probabilities[1]
    take(play, play.draw(coin), probabilities)


@PIPELINE.mistake(
    "act",
    title="the first action of an episode is not the policy's",
    misconception="the episode was begun with a random action",
    hint="is each action, the first one too, sampled from the actor's probabilities, once?",
    read=READ,
)
def act_first_at_random(play: Play) -> None:
    """The first one at random."""
    (act_uniformly if play.rounds == 0 else act)(play)


@PIPELINE.mistake(
    "act",
    title="actions are not drawn any more where the policy is all but sure",
    misconception="a likely action was taken for a certain one",
    hint="how often should an action of probability 0.05 be taken?",
    read=READ,
    values=[0.9, 0.8],
)
def act_greedily_when_sure(play: Play, sure: float) -> None:
    """Argmax above a probability."""
    (act_greedily if play.probabilities().max() > sure else act)(play)


@PIPELINE.mistake(
    "act",
    title="the log-prob belongs to another action than the one that was taken",
    misconception="two samples were drawn, one for the environment and one for the list",
    hint="how often is the policy sampled in one round?",
    read=READ,
)
def act_sampled_twice(play: Play) -> None:
    """The stored log-prob is of the second sample."""
    probabilities = play.probabilities()
    play.action = play.draw(probabilities)
    play.log_prob = log_of(probabilities[play.draw(probabilities)])


@PIPELINE.mistake(
    "act",
    title="the log-prob is that of a fixed action, or of the likeliest, whatever was taken",
    misconception="the list of probabilities was indexed by a constant or by the best action",
    hint="by what is the vector of probabilities indexed?",
    read=READ,
)
def act_log_prob_of_the_first_action(play: Play) -> None:
    """Log pi(0|s)."""
    act(play)
    play.log_prob = log_of(play.probabilities()[0])


@PIPELINE.form_of("act_log_prob_of_the_first_action", "act")
def act_log_prob_of_the_best_action(play: Play) -> None:
    """Log max pi(.|s)."""
    act(play)
    play.log_prob = log_of(play.probabilities().max())


@PIPELINE.mistake(
    "act",
    title="probabilities are stored instead of their logarithms",
    misconception="the logarithm was forgotten",
    hint="between which numbers does a log-probability lie?",
    read=READ,
)
def act_probability(play: Play) -> None:
    """pi(a|s)."""
    act(play)
    play.log_prob = play.probabilities()[play.action]


@PIPELINE.mistake(
    "act",
    title="the log-probs have the wrong sign",
    misconception="the minus of the loss was put into the list already",
    hint="between which numbers does a log-probability lie?",
    read=READ,
)
def act_negative_log_prob(play: Play) -> None:
    """-log pi(a|s)."""
    act(play)
    play.log_prob = -play.log_prob


@PIPELINE.mistake(
    "act",
    title="the log-probs are not natural logarithms",
    misconception="the logarithm to base 10 or 2 was taken",
    hint="the worked numbers say that -log 0.5 times 3 is 2.079: which logarithm is that?",
    read="the-worked-numbers",
)
def act_decimal_log_prob(play: Play) -> None:
    """log10."""
    act(play)
    play.log_prob = play.probabilities()[play.action].log10()


@PIPELINE.form_of("act_decimal_log_prob", "act")
def act_binary_log_prob(play: Play) -> None:
    """log2."""
    act(play)
    play.log_prob = play.probabilities()[play.action].log2()


@PIPELINE.mistake(
    "act",
    title="softmax is applied to what is a distribution already",
    misconception="the actor's output was taken for logits; it gives probabilities",
    hint="what do the numbers that the actor gives add up to?",
    read=READ,
)
def act_softmax_twice(play: Play) -> None:
    """Categorical(logits=probabilities)."""
    again = torch.softmax(play.probabilities(), dim=-1)
    play.action = play.draw(again)
    play.log_prob = again[play.action].log()


@PIPELINE.form_of("act_softmax_twice", "act")
def act_log_prob_softmax_twice(play: Play) -> None:
    """Only for the log-prob."""
    act(play)
    play.log_prob = torch.log_softmax(play.probabilities(), dim=-1)[play.action]


@PIPELINE.mistake(
    "act",
    title="the log-probs are detached from the actor",
    misconception="they were made plain numbers, or computed under no_grad",
    hint="what does the actor need of these numbers when it learns from the episode?",
    read="floats-and-graphs",
)
def act_detached(play: Play) -> None:
    """A tensor without graph."""
    act(play)
    play.log_prob = play.log_prob.detach()


@PIPELINE.form_of("act_detached", "act")
def act_float_log_prob(play: Play) -> None:
    """.item()."""
    act(play)
    play.log_prob = play.log_prob.item()


@PIPELINE.mistake(
    "act",
    title="the log-probs have a dimension too many; they should be scalars",
    misconception="a batch of one state was made, and its dimension kept",
    hint="where does the dimension of size one come from, and who needs it later?",
    read=READ,
)
def act_in_a_batch(play: Play) -> None:
    """Shape (1,)."""
    act(play)
    play.log_prob = play.log_prob.unsqueeze(0)


@PIPELINE.form_of("act_in_a_batch", "act")
def act_in_a_batch_of_rows(play: Play) -> None:
    """Shape (1, 1)."""
    act(play)
    play.log_prob = play.log_prob.reshape(1, 1)


@PIPELINE.mistake(
    "act",
    title="the entropy is stored instead of the log-prob",
    misconception="a property of the whole distribution was taken for that of the action",
    hint="does the number that you store depend on which action was taken?",
    read=READ,
)
def act_entropy(play: Play) -> None:
    """The entropy of pi(.|s)."""
    act(play)
    probabilities = play.probabilities()
    play.log_prob = -(probabilities * probabilities.log()).sum()


@PIPELINE.mistake(
    "act",
    title="the actor is always asked about one and the same state",
    misconception="the tensor of the state was made once, before the loop",
    hint="is it the logarithm, of the action that was taken, in the state of that very step?",
    read=READ,
)
def act_in_the_first_state(play: Play) -> None:
    """pi(.|s_0)."""
    first = play.tensor(play.states[0]) if play.states else play.state_t
    probabilities = play.actor(first)
    take(play, play.draw(probabilities), probabilities)


@PIPELINE.mistake(
    "act",
    title="the same random numbers come in every call",
    misconception="a seed was set where numbers are used instead of where the program begins",
    hint="what would every episode look like if each began from the same random numbers?",
    read=READ,
)
def act_seeded(play: Play) -> None:
    """Torch's generator, seeded at the beginning of each call."""
    if play.rounds == 0:
        torch.manual_seed(0)
    act(play)


@PIPELINE.form_of("act_seeded", "act")
def act_from_own_generator(play: Play) -> None:
    """A generator of its own, with a fixed seed."""
    probabilities = play.probabilities()
    generator = torch.Generator().manual_seed(play.rounds)
    own = int(torch.multinomial(probabilities.detach(), 1, generator=generator))
    take(play, own, probabilities)


@PIPELINE.mistake(
    "act",
    title="another action is stored than the environment was stepped with",
    misconception="the action was drawn again, or changed, between env.step and the list",
    hint="which action did env.step receive?",
    read=READ,
    also={"store": lambda play: _store_second_sample(play)},
)
def act_and_store_another(play: Play) -> None:
    """A second sample is stored, with its log-prob."""
    act(play)


def _store_second_sample(play: Play) -> None:
    probabilities = play.probabilities()
    another = play.draw(probabilities)
    play.states.append(play.pieces["state"](play))
    play.actions.append(another)
    play.rewards.append(play.pieces["reward"](play))
    play.log_probs.append(log_of(probabilities[another]))
    play.values.append(play.value)
