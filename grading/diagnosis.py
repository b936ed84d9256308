"""Diagnosis: which mistake, or which two, does exactly what the solution did?

A mistake is named only if every fact in every case of the evidence is the same, and at least one
differs from the truth. Two mistakes at once are looked for only if no single one will do.

The answer is to come within a second, and a play takes milliseconds: so most candidates are
excluded by the first case, many of them by a preview that costs a tenth of a play.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

from grading.evidence import RAISED, Fact, Facts, agree
from grading.suspects import Form, Forms, Mistake, Suspects

MAX_PAIRS = 200
"""Pairs that are played to the end before the search is given up."""
FEW = 40
"""Pairs that are played without asking first what each of the two does alone."""
FIRST = 0
"""The first case of the evidence tells most mistakes apart."""

TRUTH: Forms = ()


def diagnose(trials: Any, suspects: Suspects) -> tuple[Mistake, ...]:
    """The mistake that was made, or the two; empty if no suspect does the same.

    `trials` is of the function that failed a check; see grading.trials. Ties between mistakes that
    differ elsewhere are not broken by guessing: nothing is named.
    """
    return _Search(trials, suspects).named()


@dataclass(frozen=True)
class _Marks:
    """How a candidate's facts compare, a bit for each fact."""

    true: int
    """As in the truth."""
    seen: int
    """As in the solution."""


@dataclass
class _Search:
    trials: Any
    suspects: Suspects
    _facts: dict[tuple[Forms, int], Facts] = field(default_factory=dict)
    _previews: dict[Forms, Facts | None] = field(default_factory=dict)
    _marked: dict[tuple[Form, int], _Marks] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cases = list(self.trials.evidence())
        self.student = [self.trials.facts(case) for case in self.cases]
        # The last case is the dearest: the truth of it is asked for only if nothing else is wrong.
        *others, last = range(len(self.cases))
        self.wrong = [i for i in others if not self._same(TRUTH, i)]
        if not self.wrong and not self._same(TRUTH, last):
            self.wrong = [last]
        # Where the solution is wrong, candidates are excluded soonest; the dearest comes last.
        self.order = sorted(
            range(len(self.cases)), key=lambda i: (i != FIRST, i == last, i not in self.wrong)
        )

    def named(self) -> tuple[Mistake, ...]:
        """The mistakes to name."""
        if not self.wrong:
            return ()
        for candidates in self._candidates():
            found = list(self._matching(candidates))
            found += self._matching(self._rivals(found))
            names = {tuple(sorted({form.mistake for form in forms})) for forms in found}
            if len(names) == 1:
                return tuple(self.suspects.mistakes[name] for name in names.pop())
            if names:
                return ()
        return ()

    def _candidates(self) -> Iterator[Iterable[Forms]]:
        """What it may be, the likeliest and cheapest first."""
        usual = [mistake.forms[0] for mistake in self.suspects.mistakes.values()]
        every = list(self.suspects.forms())
        different = list({form.function: form for form in reversed(every)}.values())
        yield ((form,) for form in usual)
        yield ((form,) for form in every)
        yield self._pairs(combinations(usual, 2))
        yield self._pairs(combinations(different, 2))
        yield self._pairs(product(self._leading(every), different))

    def _rivals(self, found: Sequence[Forms]) -> Iterator[Forms]:
        """Other forms of what was found: where chance plays a part, they may fit just as well."""
        pieces = {piece for forms in found if len(forms) == 1 for piece in forms[0].pieces}
        every = ((form,) for form in self.suspects.forms() if pieces & set(form.pieces))
        return (forms for forms in every if forms not in found)

    def _matching(self, candidates: Iterable[Forms]) -> Iterator[Forms]:
        """The candidates that do what the solution did."""
        for forms in candidates:
            if self._could_be(forms) and all(self._same(forms, case) for case in self.order):
                yield forms

    def _pairs(self, candidates: Iterable[tuple[Form, Form]]) -> Iterator[Forms]:
        """Those pairs that could be it, as far as each of the two alone shows."""
        pairs = [pair for pair in candidates if pair[0].composes_with(pair[1])]
        pairs = [pair for pair in pairs if self._possible(pair, FIRST) and self._could_be(pair)]
        # Together, two may change what neither changes alone: if there are few, they are played.
        telling = self._telling(pairs) if len(pairs) > FEW else []
        for case in telling:
            if len(pairs) > FEW:
                pairs = [pair for pair in pairs if self._possible(pair, case)]
        yield from pairs[:MAX_PAIRS]

    def _telling(self, pairs: Sequence[Forms]) -> list[int]:
        """The cases between the first and the dearest, the best to exclude pairs by first.

        Where one mistake that explains the first case will not do, the other one of a pair must
        show, and most of them do not.
        """
        leading = self._leading(dict.fromkeys(form for pair in pairs for form in pair))
        return sorted(
            self.order[1:-1],
            key=lambda case: (
                case not in self.wrong or any(self._same((form,), case) for form in leading)
            ),
        )

    def _leading(self, forms: Iterable[Form]) -> list[Form]:
        """The mistakes that explain what is wrong in the first case alone; a few at most."""
        if FIRST not in self.wrong:
            return []
        explaining = [f for f in forms if self._could_be((f,)) and self._same((f,), FIRST)]
        return explaining[:4]

    def _could_be(self, forms: Forms) -> bool:
        """Whether a preview of the first case leaves it possible."""
        if (forms, FIRST) in self._facts:
            return True  # it was played already, which tells more
        preview = self._preview(forms)
        return preview is None or agree(preview, self.student[FIRST])

    def _preview(self, forms: Forms) -> Facts | None:
        """Some facts of the first case; None if they cannot be had without a play."""
        raised = self.student[FIRST].get(RAISED)
        if raised is None or not raised.agrees(self._of(TRUTH, FIRST)[RAISED]):
            return None  # what an exception left undone cannot be compared
        if forms not in self._previews:
            self._previews[forms] = self.suspects.preview(forms, self.cases[FIRST])
        return self._previews[forms]

    def _possible(self, pair: Forms, case: int) -> bool:
        """Whether a pair could explain a case: a fact that only one changes is as it leaves it."""
        one, two = (self._marks(form, case) for form in pair)
        return not (one.true & ~two.seen or two.true & ~one.seen)

    def _marks(self, form: Form, case: int) -> _Marks:
        key = (form, case)
        if key not in self._marked:
            truth, mine, facts = self._of(TRUTH, case), self.student[case], self._of((form,), case)
            names = sorted({*truth, *mine})
            raises = not _agree(facts.get(RAISED), truth.get(RAISED))
            # What comes after an exception was never seen: it excludes nothing.
            self._marked[key] = _Marks(
                true=_bits(not raises and _agree(facts.get(n), truth.get(n)) for n in names),
                seen=_bits(
                    (raises and n != RAISED) or _agree(facts.get(n), mine.get(n)) for n in names
                ),
            )
        return self._marked[key]

    def _same(self, forms: Forms, case: int) -> bool:
        theirs, mine = self._of(forms, case), self.student[case]
        return theirs.keys() == mine.keys() and agree(mine, theirs)

    def _of(self, forms: Forms, case: int) -> Facts:
        """What is known of these mistakes in a case."""
        key = (forms, case)
        if key not in self._facts:
            imitation = self.suspects.imitation(forms)
            self._facts[key] = self.trials.imitated(imitation, self.cases[case])
        return self._facts[key]


def _agree(one: Fact | None, two: Fact | None) -> bool:
    return two is None if one is None else one.agrees(two)


def _bits(marks: Iterable[bool]) -> int:
    return sum(mark << position for position, mark in enumerate(marks))
