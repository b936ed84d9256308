"""The scorecard: how good the grader is, measured on its bank.

Every mistake in every form, pairs of mistakes, and every variant are checked as submissions are,
by all checks that do not train: what those that do are worth is measured by their calibrations.
"""

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from grading.bank.pipeline import pipelines
from grading.checks import Check
from grading.exploits import Exploit, attempt
from grading.exploits import exploits as every_exploit
from grading.grade import CheckResult
from grading.here import check_here, checks_of
from grading.isolation.sandbox import GIVEN
from grading.solution import ROOT

VARIANTS = ROOT / "grading" / "bank" / "variants"
SEED_OF_THE_LOT = 0
PATIENCE = 10
"""Times the usual time limits: on a busy machine, a search for a mistake must not be cut short."""

Kind = Literal["mistake", "pair", "variant", "exploit"]


@dataclass(frozen=True)
class Trial:
    """Something of the bank to be checked as a submission."""

    kind: Kind
    exercise: str
    names: tuple[str, ...]
    """Of one form of a mistake, of two, of a variant, or of an exploit."""


@dataclass(frozen=True)
class Result:
    """What the checks of its exercise made of it."""

    kind: Kind
    exercise: str
    names: tuple[str, ...]
    mistakes: tuple[str, ...]
    """Ids of the mistakes that were made."""
    diagnosis: tuple[str, ...]
    """Ids of the mistakes that were named, by the first failure."""
    failed: tuple[str, ...]
    """Ids of the checks that it did not pass."""
    own: tuple[str, ...]
    """Those of them that failed for a reason of their own."""
    message: str = ""
    """Of the first failure."""
    points: int = 0
    """That an exploit gained."""
    harm: tuple[str, ...] = ()
    """That an exploit did, in words."""

    @property
    def trial(self) -> Trial:
        """Of what it is the result."""
        return Trial(self.kind, self.exercise, self.names)

    @property
    def named(self) -> bool:
        """Named for what it is."""
        return bool(self.diagnosis) and sorted(self.diagnosis) == sorted(self.mistakes)

    @property
    def named_otherwise(self) -> bool:
        """Named for something else."""
        return bool(self.diagnosis) and not self.named


def mistakes() -> list[Trial]:
    """Every form of every mistake."""
    return [
        Trial("mistake", pipeline.exercise, (form.name,))
        for pipeline in pipelines().values()
        for form in pipeline.forms()
    ]


def pairs(at_most: int, exercise: str | None = None) -> list[Trial]:
    """Pairs of mistakes that can be made together; some, by lot, if there are more."""
    every = _all_pairs(exercise)
    lot = random.Random(SEED_OF_THE_LOT)  # noqa: S311 - the same pairs each time
    return every if len(every) <= at_most else lot.sample(every, at_most)


def number_of_pairs() -> int:
    """How many pairs can be made."""
    return len(_all_pairs(None))


def _all_pairs(exercise: str | None) -> list[Trial]:
    return [
        Trial("pair", pipeline.exercise, (one.name, two.name))
        for pipeline in pipelines().values()
        for one, two in pipeline.pairs()
        if exercise in (None, pipeline.exercise)
    ]


def exploits() -> list[Trial]:
    """Every hostile submission."""
    return [Trial("exploit", one.exercise, (one.name,)) for one in every_exploit()]


def checks() -> list[Check]:
    """All checks that there are, in their order."""
    return check_here("reference", "--collect-only").checks


def variants() -> list[Trial]:
    """Every honest alternative."""
    return [
        Trial("variant", path.parent.relative_to(VARIANTS).as_posix(), (path.stem,))
        for path in sorted(VARIANTS.rglob("*.py"))
    ]


def run(
    trials: Sequence[Trial],
    workers: int,
    progress: Callable[[int, int], None] | None = None,
    *,
    isolated: bool = False,
    case_seed: int = 0,
    device: str = "cpu",
) -> list[Result]:
    """Check each of them, in the order given; `progress(done, all)` is told.

    All are checked on the cases of one seed, so that results can be compared.
    """
    results = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        one = partial(check, isolated=isolated, case_seed=case_seed, device=device)
        for result in pool.map(one, trials):
            results.append(result)
            if progress is not None:
                progress(len(results), len(trials))
    return results


def check(
    trial: Trial, *, isolated: bool = False, case_seed: int = 0, device: str = "cpu"
) -> Result:
    """Check one of them in this process; if isolated, or an exploit, with a sandbox."""
    if trial.kind == "exploit":
        return _attempted(trial)
    with tempfile.TemporaryDirectory(prefix="scorecard-") as folder:
        write_submission(trial, Path(folder) / "exercises", isolated=isolated)
        options = ["--isolation", "require" if isolated else "none", f"--case-seed={case_seed}"]
        options += [f"--time-factor={PATIENCE}", f"--device={device}"]
        options += ["-m", "not learning"]
        record = check_here(folder, *options, checks=checks_of(trial.exercise))
    result = _result(trial, record.results.values())
    return replace(result, mistakes=_mistakes_of(trial))


def _attempted(trial: Trial) -> Result:
    made = attempt(Exploit(trial.exercise, trial.names[0]))
    result = _result(trial, made.grade.checks)
    return replace(result, points=made.points, harm=made.harm)


def _result(trial: Trial, results: Iterable[CheckResult]) -> Result:
    failed = [result for result in results if result.status != "passed"]
    own = [one for one in failed if not one.waits_for and one.status != "not_attempted"]
    return Result(
        trial.kind,
        trial.exercise,
        trial.names,
        mistakes=(),
        diagnosis=own[0].diagnosis if own else (),
        failed=tuple(result.id for result in failed),
        own=tuple(result.id for result in own),
        message=own[0].message if own else "",
    )


def write_submission(trial: Trial, exercises: Path, *, isolated: bool = False) -> None:
    """The reference, with the trial's file in it.

    In a sandbox there is no bank: there, a submission of a mistake brings its own.
    """
    copy_reference(exercises)
    file = exercises / f"{trial.exercise}.py"
    if trial.kind == "variant":
        shutil.copyfile(VARIANTS / trial.exercise / f"{trial.names[0]}.py", file)
        return
    if isolated:
        copy_bank(exercises)
    file.write_text(source_of_mistake(trial, isolated=isolated), "utf-8")


def source_of_mistake(trial: Trial, *, isolated: bool) -> str:
    """A file that makes one of the bank, or two; `isolated`: beside a copy of it."""
    pipeline = pipelines()[trial.exercise]
    function = pipeline.function
    others = getattr(pipeline.build(), "others", {})
    return (
        ("import exercises.with_bank\n" if isolated else "")
        + "from grading.bank.pipeline import faulty\n\n"
        + f"{function} = faulty({trial.exercise!r}, {', '.join(map(repr, trial.names))})\n"
        + "".join(f"{other} = {function}.others[{other!r}]\n" for other in others)
    )


def copy_reference(exercises: Path) -> None:
    """The reference, as somebody would hand it in."""
    shutil.copytree(ROOT / "reference", exercises, ignore=shutil.ignore_patterns("__pycache__"))


def copy_bank(exercises: Path) -> None:
    """Let a submission bring the mistakes along; importing `with_bank` adds them to `grading`."""
    brought = exercises / "brought"
    brought.mkdir()
    for module in (ROOT / "grading").glob("*.py"):
        if f"grading/{module.name}" not in GIVEN:
            shutil.copyfile(module, brought / module.name)
    leave_out = shutil.ignore_patterns("__pycache__", "variants", "exploits")
    shutil.copytree(ROOT / "grading" / "bank", brought / "bank", ignore=leave_out)
    (exercises / "with_bank.py").write_text(
        "import grading\n\ngrading.__path__.append(__file__.replace('with_bank.py', 'brought'))\n",
        "utf-8",
    )


def _mistakes_of(trial: Trial) -> tuple[str, ...]:
    if trial.kind == "variant":
        return ()
    pipeline = pipelines()[trial.exercise]
    return tuple(pipeline.form(name).mistake for name in trial.names)


def merged(
    before: Iterable[Result], now: Iterable[Result], kinds: Iterable[str], exercise: str | None
) -> list[Result]:
    """Results of an earlier run, with those of a later one in their places or at the end.

    The later one measured these kinds, of one exercise or of all: what it no longer tries is gone.
    """
    new = {one.trial: one for one in now}
    kept = {
        one.trial: one
        for one in before
        if one.trial in new or one.kind not in kinds or exercise not in (None, one.exercise)
    }
    return list((kept | new).values())


def to_json(results: Iterable[Result]) -> str:
    """What a later run can be compared with: one line for each trial."""
    lines = []
    for result in results:
        entry = asdict(result)
        del entry["message"]
        if result.kind != "exploit":
            del entry["points"], entry["harm"]
        lines.append(json.dumps(entry))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def from_json(text: str) -> list[Result]:
    """Results as `to_json` wrote them."""
    return [
        Result(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})  # type: ignore[arg-type]
        for entry in json.loads(text)
    ]
