"""The learning check's own error, as the last study measured it; see grading.study."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("learning_study.json")


def read_study() -> dict[str, Any]:
    """The last study."""
    study: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return study


def describe(study: dict[str, Any]) -> str:
    """The false-fail probability in words, with how it was obtained."""
    summary, rates = study["learners"]["reference"], study["false_fail"]
    return (
        f"correct code fails this check with a probability below "
        f"{rates['by_counting_below']:.2g} (95% bound: {summary['groups'] - summary['passed']} of "
        f"{summary['groups']} groups of the reference failed), about "
        f"{rates['by_normal_fit']:.0e} by a normal fit"
    )


def stated_error() -> str:
    """The probability that correct code fails."""
    return describe(read_study())
