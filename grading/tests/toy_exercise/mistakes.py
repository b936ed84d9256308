"""Mistakes in the toy."""

from collections.abc import Callable, Sequence

from grading.bank.pipeline import Pieces, Pipeline


def weights(length: int, gamma: float) -> list[float]:
    """gamma^t."""
    return [gamma**t for t in range(length)]


def total(products: Sequence[float]) -> float:
    """The sum."""
    return sum(products)


def _assemble(pieces: Pieces) -> Callable[..., float]:
    def discounted_total(rewards: Sequence[float], gamma: float = 0.99) -> float:
        factors = pieces["weights"](len(rewards), gamma)
        return pieces["total"]([w * r for w, r in zip(factors, rewards, strict=True)])

    return discounted_total


PIPELINE = Pipeline("toy", "discounted_total", _assemble, {"weights": weights, "total": total})


@PIPELINE.mistake(
    "weights",
    title="the rewards are not discounted",
    misconception="a late reward was taken to count as much as an early one",
    hint="what is a reward worth that comes later?",
    read="returns",
)
def undiscounted(length: int, _: float) -> list[float]:
    """1 for all."""
    return [1.0] * length


@PIPELINE.mistake(
    "weights",
    title="gamma is written into the function",
    misconception="the usual discount was taken for the only one",
    hint="who says what gamma is?",
    read="returns",
)
def fixed_gamma(length: int, _: float) -> list[float]:
    """0.99, whatever was asked for."""
    return weights(length, 0.99)


@PIPELINE.mistake(
    "total",
    title="the mean is returned instead of the sum",
    misconception="a total was averaged by habit",
    hint="does a longer episode with the same rewards have a larger total?",
    read="returns",
)
def averaged(products: Sequence[float]) -> float:
    """Divided by T."""
    return sum(products) / len(products)
