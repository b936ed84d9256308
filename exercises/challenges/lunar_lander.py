"""Challenge: choose how Actor-Critic is trained, so that it lands."""

from lesson.lander import Plan


def choose_plan() -> Plan:
    """Choose how a lander is trained: so that it lands within 130,000 steps, again and again.

    LunarLander-v3 has states of 8 numbers (place, speed, angle, turn, and whether each leg touches
    the ground) and 4 actions (nothing, left engine, main engine, right engine). A crash is worth
    about -100 to -200, coming to rest on the pad more than 200. Training is that of the lesson,
    with Adam and one update after each episode, and ends with the first episode after which 130,000
    steps have been taken.

    Returns:
        Plan(actor_lr, critic_lr, hidden_dim, episodes, shared, value_coefficient, beta):
        - actor_lr, critic_lr: learning rates; with a shared trunk the first one is for all.
        - hidden_dim: width of the hidden layer, 1 to 512.
        - episodes: after which training ends, 1 to 5000, if the steps are not spent before.
        - shared: one network with two heads (the second challenge), or two networks.
        - value_coefficient: how much the critic loss counts, if the trunk is shared.
        - beta: what a nat of entropy is worth (the first challenge); 0 for no bonus.

    A run lands if the mean return of its last 40 episodes is at least -20. Three of at most six
    runs have to. `python -m lesson land` trains four, and shows them. (With 0.003, 0.01 and 128,
    the numbers of the lesson, some do.)
    """
    raise NotImplementedError("choose_plan")
