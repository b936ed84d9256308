"""The grade as Markdown: a student's feedback, and the summary of a workflow's job.

What a submission says stands in fenced blocks only, so that nothing in it is a heading, a link or
HTML.
"""

import re
from collections.abc import Iterator

from grading.grade import CheckResult, Grade
from grading.reports.summary import ADVISORY, advice, explained, next_step, points, standing

_MARKS = {"passed": "✓", "not_attempted": "·"}


def feedback(grade: Grade) -> str:
    """Points, what to do next, what is wrong, and every check."""
    return "\n".join(_feedback(grade)) + "\n"


def _feedback(grade: Grade) -> Iterator[str]:
    yield f"# {inline(grade.submission)}: {grade.score} of {grade.max_score} points"
    yield ""
    yield from _table(grade)
    if grade.provenance and grade.advisory:
        yield from ("", f"*{ADVISORY}*")
    step = next_step(grade)
    if step is not None:
        yield from ("", f"**Next:** open {code(step.place)}: {inline(step.what)}")
    for check in explained(grade):
        yield from ("", f"## {inline(check.title)}", "")
        yield f"{code(check.id)}, {check.points} of {check.max_points} points"
        yield from ("", fenced(check.message))
    remarks = advice(grade)
    if remarks:
        yield from ("", "## Advice that costs no points", "")
        yield from (f"- {inline(remark)}" for remark in remarks)
    for check in grade.checks:
        if check.status == "passed" and check.message:
            yield from ("", f"## {inline(check.title)}", "", fenced(check.message))
    yield from ("", "## Every check", "", "| | check | points | |", "| --- | --- | ---: | --- |")
    yield from (_row(check) for check in grade.checks)
    if grade.provenance:
        yield from ("", _provenance(grade))


def _table(grade: Grade) -> Iterator[str]:
    yield from ("| exercise | points | |", "| --- | ---: | --- |")
    for name, checks in grade.by_exercise().items():
        yield f"| {code(name)} | {points(checks)} | {inline(standing(checks).words)} |"
    yield f"| **total** | **{grade.score}/{grade.max_score}** | |"
    bonus = [check for check in grade.checks if check.bonus]
    if bonus:
        yield f"| bonus | {points(bonus)} | |"


def _row(check: CheckResult) -> str:
    mark = _MARKS.get(check.status, "✗")
    state = check.status.replace("_", " ")
    if check.waits_for:
        state = f"needs {code(check.waits_for)}"
    return f"| {mark} | {inline(check.title)} | {check.points}/{check.max_points} | {state} |"


def _provenance(grade: Grade) -> str:
    versions = grade.provenance.get("versions", {})
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    files = code(str(grade.provenance.get("graded_files", "")))
    return f"<sub>Graded files {files}; {inline(named)}.</sub>"


def inline(text: str) -> str:
    """Text as it stands, in a line of Markdown or a cell of a table."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~$@])", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Text as code, in a line."""
    text = " ".join(text.split()).replace("|", "\\|")
    ticks = "`" * (_longest_run(text) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def fenced(text: str) -> str:
    """Lines as they stand, in a block that nothing in them can end."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
