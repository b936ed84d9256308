"""The actor and the critic learn at the same rate."""

from lesson.lander import Plan


def choose_plan():
    rate = 5e-3
    return Plan(rate, rate, 128, 4000, beta=1.0)
