"""Every assertion of the two exercises' checks is needed: without it, some mistake gets through.

Each statement that can fail a check is taken out of the checks' source by itself, and the checks
are called on everything in the bank. At least one verdict must change.
"""

import ast
import importlib
import inspect
import tempfile
from functools import cache
from pathlib import Path

import pytest

from grading import scorecard
from grading.bank.pipeline import pipelines
from grading.checks import CheckFailed
from grading.solution import Solution, find_solution

CHECKS = {name: f"tests.test_{name}" for name in ("actor_critic_step", "collect_episode")}

# Statements that may be taken out without a change of verdict, and why each stays.
SPARE = {
    # The next assertion would fail as well, in words that are further from the cause.
    ("test_it_takes_an_episode_and_returns_two_finite_floats", 0),
    ("test_it_returns_five_lists_of_the_episodes_length", 1),
}

pytestmark = pytest.mark.slow


def is_assertion(node):
    if isinstance(node, ast.Raise):
        return True
    call = node.value if isinstance(node, ast.Expr) else None
    name = getattr(getattr(call, "func", None), "id", "")
    return isinstance(call, ast.Call) and (name == "fail" or name.lstrip("_").startswith("require"))


def assertions_in(function):
    """The statements of a function that can fail a check, in order."""
    return sorted(filter(is_assertion, ast.walk(function)), key=lambda node: node.lineno)


def assertions(module):
    """(function, position in it) of each statement that can fail a check."""
    found = []
    for function in ast.parse(inspect.getsource(module)).body:
        if isinstance(function, ast.FunctionDef) and function.name != "fail":
            inside = assertions_in(function)
            found += [(function.name, position) for position in range(len(inside))]
    return found


class Without(ast.NodeTransformer):
    """Takes one assertion out of one function."""

    def __init__(self, function, position):
        self.function, self.position = function, position

    def visit_FunctionDef(self, function):
        if function.name == self.function:
            self.target = assertions_in(function)[self.position]
            self.generic_visit(function)
        return function

    def generic_visit(self, node):
        if node is getattr(self, "target", None):
            return ast.copy_location(ast.Pass(), node)
        return super().generic_visit(node)


def without(module, function, position):
    """The checks of a module with one assertion taken out, on the very same cases."""
    tree = Without(function, position).visit(ast.parse(inspect.getsource(module)))
    names = {"__name__": module.__name__}
    exec(compile(tree, module.__file__, "exec"), names)
    kept = {name: value for name, value in vars(module).items() if hasattr(value, "cache_info")}
    names.update(kept)
    return checks_of(names)


def checks_of(names):
    return {name: value for name, value in names.items() if name.startswith("test_")}


@cache
def bank(exercise):
    """The trials of everything in the bank on an exercise, already played."""
    module = importlib.import_module(CHECKS[exercise])
    found = []
    for trial in [*scorecard.mistakes(), *scorecard.variants()]:
        if trial.exercise == exercise:
            with tempfile.TemporaryDirectory() as folder:
                scorecard.write_submission(trial, Path(folder) / "exercises")
                solution = Solution(find_solution(folder))
                solution.function(exercise, pipelines()[exercise].function)
            trials = module.trials.__wrapped__(solution, "cpu", 0)
            found.append((trials, verdicts(checks_of(vars(module)), trials)))
    return found


def verdicts(checks, trials):
    """Whether each check passes."""
    passed = {}
    for name, check in checks.items():
        arguments = {"trials": trials, "case_seed": 0, "advice": []}
        wanted = inspect.signature(check).parameters
        try:
            check(**{key: value for key, value in arguments.items() if key in wanted})
            passed[name] = True
        except CheckFailed:
            passed[name] = False
    return passed


ALL = [
    (exercise, *which)
    for exercise, name in CHECKS.items()
    for which in assertions(importlib.import_module(name))
]


@pytest.mark.parametrize(("exercise", "function", "position"), ALL)
def test_without_it_a_mistake_gets_through(exercise, function, position):
    module = importlib.import_module(CHECKS[exercise])
    checks = without(module, function, position)
    if function.startswith("test_"):
        checks = {function: checks[function]}
    changed = any(
        not before[name] and verdicts({name: checks[name]}, trials)[name]
        for trials, before in bank(exercise)
        for name in checks
    )
    assert changed or (function, position) in SPARE
