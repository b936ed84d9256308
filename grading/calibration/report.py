"""The report of a calibration, as Markdown: a pure function of what was measured."""

from collections.abc import Iterable, Sequence
from typing import Any

from grading.calibration.agreement import Comparison, holm
from grading.calibration.design import Option
from grading.calibration.learners import SHARED_COEFFICIENT
from grading.calibration.subjects import Subject
from grading.learning.rule import Rule

FIGURES = {
    "learning_curves": "Learning curves: the median run, and the middle half of the runs",
    "bounds": "Between the two lines a group goes on; bands hold 19 groups in 20",
    "group_means": "The statistic at the last look: groups counted (bars), and the fitted tails",
    "trade_off": "Every shape that was tried: time against power",
}


MANY = 0.1
"""False passes of options that are not worth a row."""


def page(
    subject: Subject,
    data: dict[str, Any],
    rule: Rule,
    front: Sequence[Option],
    chosen: Option,
    curves: Sequence[Comparison],
) -> str:
    """The whole page."""
    found = data["reference"]
    pictures = {name: figure(name, subject.figures) for name in FIGURES}
    rates = f"learning rates {rule.actor_lr:g} (actor) and {rule.critic_lr:g} (critic)"
    if subject.shape.shared:
        rates = f"learning rate {rule.actor_lr:g}, value_coefficient {SHARED_COEFFICIENT:g}"
    parts = [
        f"# Calibration of {subject.title}\n",
        f"Made by `{subject.command}`. The rule and its figures are in"
        f" `learning/{subject.name}.json`,",
        "which the check reads.\n",
        "## The rule\n",
        f"{rule.runs} runs of CartPole-v1, {rates}. The statistic",
        f"is the mean reward of the last {rule.window} episodes over all runs. At each look a group"
        " passes that reaches\nthe upper bound, and fails below the lower one.\n",
        *table(
            ("after episode", "fails below", "passes from"),
            ((str(k.episodes), f"{k.low:.2f}", f"{k.high:.2f}") for k in rule.looks),
        ),
        pictures["bounds"],
        "## Correct code\n",
        f"By counting: {found['failed']} of {found['groups']} groups of {found['runs']:,} "
        "independent reference runs failed,",
        f"so a group of correct code fails with a probability below "
        f"{found['by_counting_below']:.1e} (Clopper and Pearson, 95%).",
        f"By a fitted tail: {found['by_fitted_tail']:.1e}; with 95% confidence below "
        f"{found['by_fitted_tail_below']:.1e} (bootstrap over runs).",
        "The tail takes the runs as the distribution of a single run, adds up "
        f"{rule.runs} independent draws exactly,",
        "and sums the probabilities of failing over the looks. The bounds were chosen from other "
        "runs than these.",
        f"On average a group of correct code passes after {found['episodes']:.0f} episodes.\n",
        pictures["group_means"],
        "## Wrong learners\n",
        "Each is a mistake of the bank. Those above the line should fail; those below it learn, and"
        " the cases tell\nthem from the reference instead.\n",
        *learners(data["learners"]),
        pictures["learning_curves"],
        "## The trade-off\n",
        "Runs, episodes, learning rates and statistic were chosen from these: no other shape that"
        " was tried is both\nfaster and lets fewer wrong learners pass at the last look. Those that"
        f" let more than {MANY:.0%} pass are only in the\npicture. Seconds are estimated from the"
        " number of updates and steps.\n",
        *options(front, chosen),
        pictures["trade_off"],
        "## Is the stacked trainer the plain loop?\n",
        "Given the same weights and episodes it computes the same updates"
        " (`grading/tests/test_stacked_trainer.py`).",
    ]
    if curves:
        parts += [
            "Here its learning curves are compared with those of `lesson.train_actor_critic` and"
            " the reference's functions,\nby Kolmogorov and Smirnov's two-sample test on the runs'"
            " mean rewards.\n",
            *comparisons(curves),
        ]
    return "\n".join(parts).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; all columns but the first are numbers."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def figure(name: str, folder: str) -> str:
    """A picture of the report, in a folder beside the page."""
    return f"![{FIGURES[name]}]({folder}/{name}.svg)\n"


def learners(found: dict[str, Any]) -> list[str]:
    """A row for each."""

    def row(name: str, one: dict[str, Any]) -> tuple[str, ...]:
        return (
            f"{name} (`{one['mistake']}`)",
            f"{one['passed']} of {one['groups']}",
            f"{one['by_counting_below']:.2f}",
            f"{one['by_fitted_tail']:.0e}" if one["by_fitted_tail"] > 1e-15 else "< 1e-15",
            f"{one['episodes']:.0f}",
        )

    head = ("learner", "passed", "below (95%)", "fitted tail", "episodes to a verdict")
    should = [row(name, one) for name, one in found.items() if one["should_fail"]]
    others = [row(name, one) for name, one in found.items() if not one["should_fail"]]
    return table(head, [*should, ("*mistakes that learn*", "", "", "", ""), *others])


def options(front: Sequence[Option], chosen: Option) -> list[str]:
    """A row for each of the best."""

    def row(option: Option, mark: str) -> tuple[str, ...]:
        shape = option.shape
        return (
            f"{shape.actor_lr:g}, {shape.critic_lr:g}{mark}",
            f"{shape.runs}",
            f"{shape.looks[-1]}",
            f"{shape.window}",
            f"{option.seconds:.2f}",
            f"{option.false_pass:.1e}",
        )

    rows = [
        row(one, " (chosen)" if one.shape == chosen.shape else "")
        for one in front
        if one.false_pass <= MANY
    ]
    if all(one.shape != chosen.shape for one in front):
        rows.append(row(chosen, " (chosen)"))
    head = ("learning rates", "runs", "episodes", "window", "seconds", "false pass, fitted tail")
    return table(head, rows)


def comparisons(found: Sequence[Comparison]) -> list[str]:
    """A row for each, and the verdict over all."""
    rows = [
        (
            one.name,
            f"{one.counts[0]}, {one.counts[1]}",
            f"{one.statistic:.3f}",
            f"{one.p_value:.2f}",
        )
        for one in found
    ]
    return [
        *table(("compared", "counts", "largest difference", "p"), rows),
        f"The smallest p-value is {min(one.p_value for one in found):.3f}; "
        f"for {len(found)} tests together (Holm) {holm(list(found)):.2f}.\n",
    ]
