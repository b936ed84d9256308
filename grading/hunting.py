"""What a test of steps is worth: how many faulty ones it refuses, how many honest ones it accepts.

The score is Youden's J, sensitivity + specificity - 1 ("Index for rating diagnostic tests", 1950):
1 for a test that is always right, 0 for one that always says the same, or tosses a coin.
"""

from collections import Counter
from dataclasses import dataclass

from grading.cases import HuntCase
from grading.evidence import RAISED, Fact, Facts, Said
from grading.hidden_steps import is_honest, place_of
from grading.outcome import HuntOutcome

MISUSE = "misuse"
"""The name of a fact."""


@dataclass(frozen=True)
class Score:
    """Of a test, on steps of which it is known what they are."""

    refused: int
    faulty: int
    accepted: int
    honest: int

    @property
    def sensitivity(self) -> float:
        """The share of faulty steps that were refused."""
        return self.refused / self.faulty

    @property
    def specificity(self) -> float:
        """The share of honest steps that were accepted."""
        return self.accepted / self.honest

    @property
    def value(self) -> float:
        """Youden's J; negative for a test that had better say the opposite."""
        return self.sensitivity + self.specificity - 1

    def __str__(self) -> str:
        return (
            f"sensitivity {self.sensitivity:.0%} ({self.refused} of {self.faulty}), "
            f"specificity {self.specificity:.0%} ({self.accepted} of {self.honest}), "
            f"score {self.value:.0%}"
        )


def score(case: HuntCase, outcome: HuntOutcome) -> Score:
    """What the verdicts are worth; one that is neither yes nor no is wrong."""
    said = list(zip(map(is_honest, case.steps), outcome.verdicts, strict=True))
    honest = [verdict.said == "correct" for it_is, verdict in said if it_is]
    faulty = [verdict.said == "wrong" for it_is, verdict in said if not it_is]
    return Score(sum(faulty), len(faulty), sum(honest), len(honest))


def slipped_through(case: HuntCase, outcome: HuntOutcome) -> list[tuple[str, int, int]]:
    """(place, missed, all) of the faulty steps, what slips through most often first."""
    every, missed = Counter[str](), Counter[str]()
    for name, verdict in zip(case.steps, outcome.verdicts, strict=True):
        if not is_honest(name):
            place = place_of(name)
            every[place] += 1
            missed[place] += verdict.said != "wrong"
    found = [(place, missed[place], every[place]) for place in every if missed[place]]
    return sorted(found, key=lambda one: (-one[1] / one[2], one[0]))


def hunt_facts(case: HuntCase, outcome: HuntOutcome) -> Facts:
    """What is known of a test: what it says of each step, and which calls could not be made."""
    raised = outcome.raised
    facts: dict[str, Fact] = {
        RAISED: Said(raised and (raised.kind, raised.cause)),
        # A test that swallows these errors seems to refuse whatever it is given.
        MISUSE: Said(outcome.misuse),
    }
    for name, verdict in zip(case.steps, outcome.verdicts, strict=False):
        facts[name] = Said("raised" if verdict.raised is not None else verdict.said)
    return facts
