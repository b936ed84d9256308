"""The same rate for both, and no entropy."""

from lesson.lander import Plan


def choose_plan():
    rate = 5e-3
    return Plan(rate, rate, 128, 4000)
