"""Only what has no default, and no bonus; a list."""


def choose_plan():
    return [0.005, 0.01, 128, 2000]
