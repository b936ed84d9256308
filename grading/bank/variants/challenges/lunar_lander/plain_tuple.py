"""A tuple in the order of the fields."""


def choose_plan():
    return (0.005, 0.02, 128, 5000, False, 0.5, 1.0)
