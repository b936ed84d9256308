"""The scorecard as a page: counts, rates with bounds, and what deserves a second look."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from grading.binomial import upper_bound
from grading.checks import Check
from grading.exploits import Exploit
from grading.scorecard import Result


def page(results: Sequence[Result], checks: Sequence[Check], pairs_in_all: int) -> str:
    """The scorecard in Markdown."""
    return "\n".join(_lines(results, checks, pairs_in_all)) + "\n"


def _lines(results: Sequence[Result], checks: Sequence[Check], pairs_in_all: int) -> Iterator[str]:
    mistakes = [result for result in results if result.kind == "mistake"]
    variants = [result for result in results if result.kind == "variant"]
    tried = [result for result in results if result.kind == "pair"]
    pairs = [pair for pair in tried if pair.failed]
    hostile = [result for result in results if result.kind == "exploit"]
    names = {id_ for result in mistakes for id_ in result.mistakes}
    yield "# Scorecard"
    yield ""
    yield "Made by `nox -s scorecard`: everything in the bank is checked as a submission is."
    yield f"{len(names)} mistakes are in the bank, in {len(mistakes)} forms."
    yield f"Of {pairs_in_all} pairs of mistakes that can be made together, {len(tried)} were tried;"
    yield f"{len(tried) - len(pairs)} of these undo each other, and are right by every outcome."
    yield ""
    yield "| | count | rate | at least, with 95% confidence |"
    yield "| --- | ---: | ---: | ---: |"
    yield _row("mistakes that lose points", mistakes, [bool(r.failed) for r in mistakes])
    yield _row("mistakes that are named", mistakes, [r.named for r in mistakes])
    yield _row("pairs of which both are named", pairs, [r.named for r in pairs])
    yield _row("variants with all points", variants, [not r.failed for r in variants])
    harmless = [not r.points and not r.harm for r in hostile]
    yield _row("exploits that gain and harm nothing", hostile, harmless)
    yield ""
    yield "| | count | rate | at most, with 95% confidence |"
    yield "| --- | ---: | ---: | ---: |"
    yield _row("mistakes named for another", mistakes, [r.named_otherwise for r in mistakes], False)
    yield _row("pairs named for something else", pairs, [r.named_otherwise for r in pairs], False)
    yield ""
    yield "A pair is named for something else only if that does exactly the same in every case."
    yield "The bounds are Clopper and Pearson's, one-sided, as if the bank were drawn by lot."
    yield ""
    yield from _of_checks(mistakes, checks)
    yield from _list("Mistakes that are caught, but not named", _unnamed(mistakes))
    others = [f"{_name(r)}: {', '.join(r.diagnosis)}" for r in mistakes if r.named_otherwise]
    yield from _list("Mistakes that are named for another", others)
    yield from _list("Mistakes that lose no points", [_name(r) for r in mistakes if not r.failed])
    yield from _list("Variants that lose points", [_name(r) for r in variants if r.failed])
    others = [f"{_name(r)}: {', '.join(r.diagnosis)}" for r in pairs if r.named_otherwise]
    yield from _list("Pairs that are named for something else", others)
    yield from _of_exploits(hostile)


def _of_exploits(hostile: Sequence[Result]) -> Iterator[str]:
    yield "## Exploits"
    yield ""
    yield "Hostile submissions, graded in a sandbox; the stubs would get 0 points."
    yield ""
    yield "| exploit | tries | points | harm |"
    yield "| --- | --- | ---: | --- |"
    for result in hostile:
        tries = Exploit(result.exercise, result.names[0]).tries
        harm = ", ".join(result.harm) or "none"
        yield f"| {result.exercise}/{result.names[0]} | {tries} | {result.points} | {harm} |"
    yield ""


def _row(what: str, of: Sequence[Result], hits: Sequence[bool], good: bool = True) -> str:
    count, total = sum(hits), len(of)
    if not total:
        return f"| {what} | none tried | | |"
    bound = 1 - upper_bound(total - count, total) if good else upper_bound(count, total)
    return f"| {what} | {count} of {total} | {count / total:.1%} | {bound:.1%} |"


def _of_checks(mistakes: Sequence[Result], checks: Sequence[Check]) -> Iterator[str]:
    caught: dict[str, int] = defaultdict(int)
    alone: dict[str, list[str]] = defaultdict(list)
    for result in mistakes:
        for id_ in result.failed:
            caught[id_] += 1
        if len(result.failed) == 1:
            alone[result.failed[0]].append(_name(result))
    yield "## What each check catches"
    yield ""
    yield "Counted in forms of mistakes; the last column lists those that no other check catches."
    yield ""
    yield "| check | points | catches | only it catches |"
    yield "| --- | ---: | ---: | --- |"
    exercises = {result.exercise for result in mistakes}
    for check in checks:
        if check.exercise in exercises:
            only = ", ".join(alone[check.id]) or "nothing"
            yield f"| {check.id} | {check.points} | {caught[check.id]} | {only} |"
    yield ""


def _unnamed(mistakes: Sequence[Result]) -> list[str]:
    return [_name(result) for result in mistakes if result.failed and not result.diagnosis]


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from (f"- {line}" for line in lines)
    if not lines:
        yield "None."
    yield ""


def _name(result: Result) -> str:
    return " and ".join(f"`{name}`" for name in result.names)
