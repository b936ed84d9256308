"""A class that is a tuple too."""

from collections import namedtuple

Mine = namedtuple("Mine", "a c h n shared coefficient curiosity")


def choose_plan():
    """A little more curious than the reference."""
    return Mine(a=5e-3, c=2e-2, h=100 + 28, n=10**3 * 5, shared=False, coefficient=1, curiosity=1.5)
