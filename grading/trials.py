"""Trials: one function of a solution, played on cases, each case once.

What the solution did can be set beside what another function does in its place: the bank's
mistakes are compared that way.
"""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from io import StringIO
from typing import Any, Generic, Self, TypeVar

import pytest

from grading.cases import CollectCase, FunctionCase, HuntCase, ModelCase, StepCase, beginning
from grading.checks import fail_raised
from grading.diagnosis import diagnose
from grading.draws import Draws, certainty, mean_chances, stored_actions
from grading.evidence import (
    Chances,
    Decided,
    Fact,
    Facts,
    Said,
    agree,
    collect_facts,
    count_actions,
    function_facts,
    model_facts,
    repeats,
    step_facts,
)
from grading.oracle import expected_function, expected_model, expected_step
from grading.outcome import (
    CollectOutcome,
    FunctionOutcome,
    HuntOutcome,
    ModelOutcome,
    Raised,
    StepCall,
    StepOutcome,
)
from grading.player import Player
from grading.probes.collect import probe_collect
from grading.probes.function import probe_function
from grading.probes.hunt import probe_hunt
from grading.probes.model import probe_model
from grading.probes.step import probe_step
from grading.probes.trainees import MODEL
from grading.solution import Callee
from grading.suspects import Imitation, Suspects

Case = TypeVar("Case", bound=ModelCase | StepCase | CollectCase | FunctionCase | HuntCase)
Outcome = TypeVar(
    "Outcome", bound=ModelOutcome | StepOutcome | CollectOutcome | FunctionOutcome | HuntOutcome
)
Make = Callable[..., Callee]
"""Makes another solution; keyword arguments say how it is to behave."""

HINTS = {
    "does not require grad": "a-loss-without-a-graph",
    "through the graph a second time": "a-graph-used-twice",
    "had ended": "the-end-of-an-episode",
}
"""Words of an error, and the anchor of the lesson's hint on it."""


@dataclass
class _Trials(Generic[Case, Outcome]):
    """One function of a solution on cases."""

    play: Callable[[Case, str, str], Outcome]
    """The player's, for cases of this kind."""
    probe: Callable[[Callee, Case, str, str, str], Outcome]
    """What plays another solution, here."""
    exercise: str
    name: str
    read: str
    """The anchor of the lesson for when the function brings nothing back."""
    evidence: Callable[[], Sequence[Case]]
    """The cases that mistakes are known by, the cheapest first."""
    _played: dict[Case, Outcome] = field(default_factory=dict)
    _known: dict[Case, Facts] = field(default_factory=dict)

    def played(self, case: Case) -> Outcome:
        """What the solution did."""
        if case not in self._played:
            self._played[case] = self.play(case, self.exercise, self.name)
        return self._played[case]

    def outcome(self, case: Case) -> Outcome:
        """What the solution did; a check fails here if the call brought nothing back."""
        outcome = self.played(case)
        if outcome.raised is not None:
            fail_raised(outcome.raised, case.description, _hint(outcome.raised) or self.read)
        return outcome

    def facts(self, case: Case) -> Facts:
        """What is known of the solution in this case."""
        if case not in self._known:
            self._known[case] = self._facts(case)
        return self._known[case]

    def _facts(self, case: Case) -> Facts:
        raise NotImplementedError

    def imitated(self, imitation: Imitation, case: Case) -> Facts:
        """What is known of another solution in this case; by chance it does the same."""
        return imitation.facts(case)

    def imitation(self, make: Make) -> Imitation:
        """Another solution, played when it is asked about."""
        raise NotImplementedError

    @cached_property
    def mistakes(self) -> tuple[Any, ...]:
        """The mistakes that do exactly what the solution did; see grading.diagnosis."""
        suspects = _suspects(self)
        if suspects is None:
            return ()
        try:
            # What the solution prints belongs to the checks that play it, not to a search.
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                return tuple(diagnose(self, suspects))
        except pytest.fail.Exception:
            return ()  # the check's time is up: the facts that it has are enough

    def play_other(self, other: Callee, case: Case) -> Outcome:
        """What another solution does in a case."""
        return self.probe(other, case, "cpu", self.exercise, self.name)


def _hint(raised: Raised) -> str:
    """The anchor of the hint on what was raised, if the lesson has one."""
    return next((anchor for words, anchor in HINTS.items() if words in raised.cause), "")


def _suspects(trials: Any) -> Suspects | None:
    """From the bank; a student's copy of the course has a recording of it, if anything."""
    for source in ("grading.bank.suspects", "grading.recorded.suspects"):
        if importlib.util.find_spec(source.rpartition(".")[0]) is not None:
            found: Suspects | None = importlib.import_module(source).suspects(trials)
            return found
    return None


@dataclass(frozen=True)
class _Played:
    """Another solution that chance has no part in, played when it is asked about."""

    trials: Any
    make: Make
    read: Callable[[Any, Any], Facts]
    """(case, outcome) -> what is known."""

    def facts(self, case: Any) -> Facts:
        """What is known of it in a case."""
        return self.read(case, self.trials.play_other(self.make(), case))

    def facts_with(self, case: Any, *_: Any) -> Facts:
        """The same: it draws nothing."""
        return self.facts(case)

    def odds(self, case: Any) -> tuple[Fact, Chances | None]:
        """There are none."""
        raise NotImplementedError


def _of(
    trials: Any, player: Player, seed: int, evidence: Callable[[int], Any], *function: Any
) -> Any:
    """The trials of a player on the cases of a seed: made once, whichever check asks first."""
    key = (trials, seed, *function)
    if key not in player.remembered:
        player.remembered[key] = trials(player, lambda: evidence(seed), *function)
    return player.remembered[key]


class StepTrials(_Trials[StepCase, StepOutcome]):
    """A solution's update of two networks and the reference's, on the same cases."""

    @classmethod
    def of(
        cls,
        player: Player,
        seed: int,
        evidence: Callable[[int], Sequence[StepCase]],
        exercise: str,
        name: str,
        read: str,
    ) -> Self:
        """The trials of a player on the cases of a seed, made when first asked for."""
        return _of(cls, player, seed, evidence, exercise, name, read)

    def __init__(
        self,
        player: Player,
        evidence: Callable[[], Sequence[StepCase]],
        exercise: str,
        name: str,
        read: str,
    ) -> None:
        super().__init__(player.step, probe_step, exercise, name, read, evidence)

    def calls(self, case: StepCase) -> list[tuple[StepCall, StepCall]]:
        """(got, expected) for each call of the case."""
        expected = expected_step(case, self.exercise, self.name)
        return list(zip(self.outcome(case).calls, expected.calls, strict=True))

    def _facts(self, case: StepCase) -> Facts:
        return step_facts(case, self.played(case))

    def imitation(self, make: Make) -> Imitation:
        """Another step."""
        return _Played(self, make, step_facts)


class ModelTrials(_Trials[ModelCase | StepCase, ModelOutcome | StepOutcome]):
    """A solution's model with two heads, and its update of it, and the reference's."""

    @classmethod
    def of(
        cls,
        player: Player,
        seed: int,
        evidence: Callable[[int], Sequence[ModelCase | StepCase]],
        exercise: str,
        name: str,
        read: str,
    ) -> Self:
        """The trials of a player on the cases of a seed, made when first asked for."""
        return _of(cls, player, seed, evidence, exercise, name, read)

    def __init__(
        self,
        player: Player,
        evidence: Callable[[], Sequence[ModelCase | StepCase]],
        exercise: str,
        name: str,
        read: str,
    ) -> None:
        def play(case: Any, exercise: str, name: str) -> Any:
            looked_at = isinstance(case, ModelCase)
            return (
                player.model(case, exercise, MODEL)
                if looked_at
                else player.step(case, exercise, name)
            )

        super().__init__(play, _probe_model_or_step, exercise, name, read, evidence)

    def model(self, case: ModelCase) -> tuple[ModelOutcome, ModelOutcome]:
        """(got, expected)."""
        got = self.outcome(case)
        assert isinstance(got, ModelOutcome)
        return got, expected_model(case, self.exercise, MODEL)

    def calls(self, case: StepCase) -> list[tuple[StepCall, StepCall]]:
        """(got, expected) for each call of the case."""
        got, expected = self.outcome(case), expected_step(case, self.exercise, self.name)
        assert isinstance(got, StepOutcome)
        return list(zip(got.calls, expected.calls, strict=True))

    def _facts(self, case: ModelCase | StepCase) -> Facts:
        return _model_or_step_facts(case, self.played(case))

    def imitation(self, make: Make) -> Imitation:
        """Another model or step."""
        return _Played(self, make, _model_or_step_facts)


def _probe_model_or_step(solution: Callee, case: Any, device: str, exercise: str, name: str) -> Any:
    if isinstance(case, ModelCase):
        return probe_model(solution, case, device, exercise, MODEL)
    return probe_step(solution, case, device, exercise, name)


def _model_or_step_facts(case: Any, outcome: Any) -> Facts:
    return model_facts(outcome) if isinstance(case, ModelCase) else step_facts(case, outcome)


class FunctionTrials(_Trials[FunctionCase, FunctionOutcome]):
    """A solution's function of plain data and the reference's, on the same cases."""

    def __init__(
        self,
        player: Player,
        exercise: str,
        name: str,
        evidence: Callable[[], Sequence[FunctionCase]],
        read: str,
        facts: Callable[[FunctionOutcome], Facts] = function_facts,
    ) -> None:
        """`facts` are what mistakes are known by: if not given, all that was returned."""
        super().__init__(player.function, probe_function, exercise, name, read, evidence)
        self._facts_of = facts

    def call(self, case: FunctionCase) -> tuple[FunctionOutcome, FunctionOutcome]:
        """(got, expected)."""
        return self.outcome(case), expected_function(case, self.exercise, self.name)

    def _facts(self, case: FunctionCase) -> Facts:
        return self._facts_of(self.played(case))

    def imitation(self, make: Make) -> Imitation:
        """Another function."""
        return _Played(self, make, lambda _, outcome: self._facts_of(outcome))


class HuntTrials(_Trials[HuntCase, HuntOutcome]):
    """A solution's test of steps, on cases of steps that are right or wrong."""

    @classmethod
    def of(
        cls,
        player: Player,
        seed: int,
        evidence: Callable[[int], Sequence[HuntCase]],
        exercise: str,
        name: str,
        read: str,
        facts: Callable[[HuntCase, HuntOutcome], Facts],
    ) -> Self:
        """The trials of a player on the cases of a seed, made when first asked for."""
        return _of(cls, player, seed, evidence, exercise, name, read, facts)

    def __init__(
        self,
        player: Player,
        evidence: Callable[[], Sequence[HuntCase]],
        exercise: str,
        name: str,
        read: str,
        facts: Callable[[HuntCase, HuntOutcome], Facts],
    ) -> None:
        """`facts` are what mistakes are known by."""
        super().__init__(player.hunt, probe_hunt, exercise, name, read, evidence)
        self._facts_of = facts

    def _facts(self, case: HuntCase) -> Facts:
        return self._facts_of(case, self.played(case))

    def imitation(self, make: Make) -> Imitation:
        """Another test, which is lent the same steps in the same way."""
        return _Played(self, make, self._facts_of)


class CollectTrials(_Trials[CollectCase, CollectOutcome]):
    """A solution's `collect_episode_with_values`."""

    @classmethod
    def of(
        cls, player: Player, seed: int, evidence: Callable[[int], Sequence[CollectCase]]
    ) -> Self:
        """The trials of a player on the cases of a seed, made when first asked for."""
        return _of(cls, player, seed, evidence)

    def __init__(self, player: Player, evidence: Callable[[], Sequence[CollectCase]]) -> None:
        name, function = "collect_episode", "collect_episode_with_values"
        read = "exercise-2-collecting-an-episode"
        super().__init__(player.collect, probe_collect, name, function, read, evidence)
        self._drawn: dict[CollectCase, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def _facts(self, case: CollectCase) -> Facts:
        outcome = self.played(case)
        if outcome.raised is not None:
            return collect_facts(outcome)
        if case.plays > 1:
            return self._counts(case) or repeats(outcome)
        return {**collect_facts(outcome), **self._counts(case)}

    def imitated(self, imitation: Imitation, case: CollectCase) -> Facts:
        """What is known of another solution that draws the same actions.

        What is left to chance is looked at by itself: whether two episodes repeat each other, and
        with which probability an action is taken.
        """
        mine = self.played(case)
        if mine.raised is None and case.plays > 1 and not case.groups:
            return imitation.facts(case)
        chances: dict[str, Fact] = {}
        if mine.raised is None and case.groups:
            chances = self._chances(imitation, case)
            if case.plays > 1 or not agree(self._counts(case), chances) or len(chances) > 1:
                return chances
        taken, stored = self._actions(case)
        facts = imitation.facts_with(case, taken, stored)
        if stored != taken and not agree(self.facts(case), {**facts, **chances}):
            # The action that was drawn may be the one that was stored, and not the one taken.
            facts = imitation.facts_with(case, stored, taken)
        return {**facts, **chances}

    def imitation(self, make: Make) -> Imitation:
        """Another collector."""
        return _Collecting(self, make)

    def play_other(self, other: Callee, case: CollectCase) -> CollectOutcome:
        """What another solution does in a case."""
        return probe_collect(other, case, "cpu", self.exercise, self.name, with_truth=False)

    def _counts(self, case: CollectCase) -> Facts:
        """How often the actions of the case's groups were taken."""
        if not case.groups:
            return {}
        return {"counts": count_actions(case, self.played(case).actions_of_plays)}

    def _chances(self, imitation: Imitation, case: CollectCase) -> dict[str, Fact]:
        """The probabilities with which another solution takes the groups' actions."""
        first, again = imitation.odds(case)
        chances: dict[str, Fact] = {"counts": first}
        if again is not None:
            _, stored = self._actions(case)
            if not count_actions(case, [stored]).agrees(again):
                chances["second draw"] = Said("not what is known of the first solution's")
        return chances

    def _actions(self, case: CollectCase) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The actions that the solution took in a case, and those that its lists speak of."""
        if case not in self._drawn:
            outcome = self.played(case)
            taken = tuple(step.action for step in outcome.trajectory.steps)
            self._drawn[case] = taken, stored_actions(outcome, case) or taken
        return self._drawn[case]


@dataclass(frozen=True)
class _Collecting:
    """Another collector, played when it is asked about."""

    trials: CollectTrials
    make: Make

    def facts(self, case: CollectCase) -> Facts:
        """What two episodes in a row show about chance."""
        outcome = self.trials.play_other(self.make(), case)
        return collect_facts(outcome) if outcome.raised else repeats(outcome)

    def facts_with(
        self, case: CollectCase, drawn: tuple[int, ...], drawn_again: tuple[int, ...]
    ) -> Facts:
        """What is known of it if it draws these actions."""
        other = self.make(draw=Draws(drawn, drawn_again))
        return collect_facts(self.trials.play_other(other, case))

    def odds(self, case: CollectCase) -> tuple[Fact, Chances | None]:
        """With which probabilities it draws."""
        begun = beginning(case)
        draws = Draws((), ())
        taken = self.trials.play_other(self.make(draw=draws), begun).actions_of_plays[0]
        if draws.drawn() != taken:
            # Decided, not drawn, at least in part: in one play, the actions can be compared.
            certain = [certainty(action, begun) for action in taken]
            return Decided() if case.plays == 1 else mean_chances(begun, certain), None
        again = bool(draws.second) and case.plays == 1
        return (
            mean_chances(begun, list(draws.first.values())),
            mean_chances(begun, list(draws.second.values())) if again else None,
        )
