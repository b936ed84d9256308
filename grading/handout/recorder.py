"""Records what the reference and the bank do in every case, for grading/recorded/ to read.

Of single mistakes every form is recorded; of pairs the usual forms, in the cases that are cheap.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import cache, partial
from importlib import import_module
from io import BytesIO, StringIO
from itertools import product
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

import msgpack
import numpy as np
import torch

from grading import trials
from grading.bank.pipeline import Form, Pipeline, pipelines
from grading.bank.suspects import BankSuspects
from grading.cases import CollectCase
from grading.evidence import Fact, Facts, Unknown, agree
from grading.here import check_here, checks_of
from grading.hidden_steps import is_public
from grading.isolation.codec import to_plain
from grading.oracle import reference_solution
from grading.player import LocalPlayer
from grading.recorded.facts import packed
from grading.recorded.outcomes import key
from grading.recorded.suspects import (
    ABSENT,
    FIRST_FACT,
    UNRECORDED,
    drawing,
    odds,
    own,
    whatever,
)
from grading.suspects import Imitation

SEED = 0
"""Of the recorded cases: the one that `pytest` uses."""
MOST_SEQUENCES = 16
"""Sequences of actions that an episode may have, for each of them to be recorded."""

Row = dict[str, dict[str, bytes]]
"""Of one solution: by context, by the name of the fact."""
Say = Callable[[int, int], None]
"""(done, all)"""


def record(exercise: str, workers: int, progress: Say) -> bytes:
    """The recording of an exercise, as a file that grading.recorded.suspects reads."""
    pipeline = pipelines()[exercise]
    names = solutions(pipeline)
    rows: list[Row] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = pool.map(partial(_row, exercise), names, chunksize=20)
        for row in done:
            rows.append(row)
            progress(len(rows), len(names))
    head = {
        "mistakes": list(_texts(pipeline)),
        "rows": names,
        "lengths": [_length(case) for case in _evidence(exercise)],
    }
    return _file(head, rows)


def solutions(pipeline: Pipeline) -> list[tuple[str, ...]]:
    """What is recorded, by the names of the forms that are in it."""
    one = [(form.name,) for form in pipeline.forms()]
    two = [(one.name, other.name) for one, other in pipeline.pairs()]
    return [(), *one, *two]


def record_outcomes() -> bytes:
    """What the reference does in every case that a check asks the oracle about."""
    found: dict[str, Any] = {}

    def watching(oracle: Callable[..., Any]) -> Callable[..., Any]:
        def ask(case: Any, exercise: str, name: str) -> Any:
            outcome = oracle(case, exercise, name)
            found[key(case, exercise, name)] = to_plain(outcome)
            return outcome

        return ask

    with ExitStack() as patches:
        for name in ("expected_step", "expected_model", "expected_function"):
            watched = watching(getattr(trials, name))
            patches.enter_context(patch.object(trials, name, watched))
        done = check_here("reference", "-m", "not learning")
    failed = [result.id for result in done.results.values() if result.status != "passed"]
    if failed or not done.ended:
        raise RuntimeError(f"the reference does not pass its own checks: {failed}")
    return bytes(msgpack.packb(found))


def _texts(pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    for mistake in pipeline.mistakes.values():
        forms = [{"name": form.name, "pieces": sorted(form.pieces)} for form in mistake.forms]
        texts = {key: getattr(mistake, key) for key in ("title", "misconception", "hint", "read")}
        yield {"id": mistake.id, **texts, "forms": forms}


def _file(head: dict[str, Any], rows: Sequence[Row]) -> bytes:
    columns: dict[tuple[str, str], int] = {}
    for row in rows:
        for where, facts in row.items():
            for name in facts:
                columns.setdefault((where, name), len(columns))
    numbers: dict[bytes, int] = {}
    table = np.full((len(rows), len(columns)), UNRECORDED, np.uint32)
    of_context: dict[str, list[int]] = {}
    for (where, _), column in columns.items():
        of_context.setdefault(where, []).append(column)
    for number, row in enumerate(rows):
        for where, facts in row.items():
            table[number, of_context[where]] = ABSENT
            for name, fact in facts.items():
                table[number, columns[where, name]] = numbers.setdefault(
                    fact, FIRST_FACT + len(numbers)
                )
    head["columns"] = list(columns)
    file = BytesIO()
    np.savez_compressed(
        file,
        head=np.frombuffer(json.dumps(head).encode(), np.uint8),
        # Column by column, what the same mistake does lies side by side.
        table=np.asfortranarray(table),
        lengths=np.array([len(fact) for fact in numbers], np.uint32),
        facts=np.frombuffer(b"".join(numbers), np.uint8),
    )
    return file.getvalue()


@cache
def _trials(exercise: str) -> Any:
    torch.set_num_threads(1)
    checks = import_module(f"tests.{checks_of(exercise).stem}")
    return checks.trials.__wrapped__(LocalPlayer(reference_solution()), SEED)


def _evidence(exercise: str) -> list[Any]:
    """The cases that a student's copy has."""
    return [case for case in _trials(exercise).evidence() if is_public(case)]


def _row(exercise: str, names: tuple[str, ...]) -> Row:
    """What one solution does in every context."""
    pipeline, trials = pipelines()[exercise], _trials(exercise)
    forms: list[Form] = [pipeline.form(name) for name in names]
    imitation = BankSuspects(pipeline, trials).imitation(forms)
    row: Row = {}
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        for number, case in enumerate(_evidence(exercise)):
            if isinstance(case, CollectCase):
                row |= _collected(imitation, number, case, single=len(forms) < 2)
            else:
                row[own(number)] = _packed(imitation.facts(case))
    return row


def _collected(imitation: Imitation, number: int, case: CollectCase, *, single: bool) -> Row:
    row: Row = {}
    if case.plays > 1 and not case.groups:
        row[own(number)] = _packed(imitation.facts(case))
    if case.groups:
        first, again = imitation.odds(case)
        row[odds(number)] = _packed({"first": first, **({"again": again} if again else {})})
    length, n = _length(case), case.networks.n_actions
    if case.plays == 1 and n**length <= MOST_SEQUENCES:
        sequences = list(product(range(n), repeat=length))
        plain = {actions: imitation.facts_with(case, actions, actions) for actions in sequences}
        twice = any(
            not _the_same(plain[actions], imitation.facts_with(case, actions, _other(actions, n)))
            for actions in (sequences[0], sequences[-1])
        )
        if not twice:
            row |= {drawing(number, a): _packed(facts) for a, facts in plain.items()}
        else:
            row |= {
                drawing(number, a, b): _packed(imitation.facts_with(case, a, b))
                for a in sequences
                for b in sequences
            }
    if single:
        row[whatever(number)] = _packed(_constant(imitation, case, length, n))
    return row


def _length(case: object) -> int:
    """How many actions are drawn in a case."""
    if not isinstance(case, CollectCase):
        return 0
    return len(case.rewards) or case.max_episode_steps


def _other(actions: tuple[int, ...], n: int) -> tuple[int, ...]:
    return tuple((action + 1) % n for action in actions)


def _the_same(one: Facts, other: Facts) -> bool:
    return one.keys() == other.keys() and agree(one, other)


def _constant(imitation: Imitation, case: CollectCase, length: int, n: int) -> Facts:
    """The facts that do not depend on what is drawn; the others are unknown."""
    lot = np.random.RandomState(SEED)
    # Two in which every action differs, and one in which they change.
    drawn = [(0,) * length, (1,) * length, tuple(lot.randint(0, n, length).tolist())]
    one, *others = (imitation.facts_with(case, actions, actions) for actions in drawn)
    found: dict[str, Fact] = {name: Unknown() for facts in (one, *others) for name in facts}
    for name, fact in one.items():
        if all(fact.agrees(facts.get(name)) for facts in others):
            found[name] = fact
    return found


def _packed(facts: Facts) -> dict[str, bytes]:
    return {name: packed(fact) for name, fact in facts.items()}
