"""All fields of a plan, in their order; a list."""


def choose_plan():
    return [0.005, 0.01, 128, 2000, False, 0.5, 1]
