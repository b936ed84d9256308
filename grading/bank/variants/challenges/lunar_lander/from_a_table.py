"""The best of a table of what was tried."""

from lesson.lander import Plan

TRIED = {
    Plan(0.003, 0.01, 128, 1500): 0.5,
    Plan(0.005, 0.02, 128, 4000, beta=0.5): 0.9,
    Plan(0.05, 0.2, 128, 4000): 0.0,
}


def choose_plan():
    """The plan of which most runs landed."""
    print("tried:", len(TRIED))
    return max(TRIED, key=TRIED.get)
