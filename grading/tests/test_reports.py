"""One grade, many reports: each is a pure function of the grade, in the format of its reader."""

import base64
import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import StringIO

import pytest

from grading.grade import CheckResult, Grade, grade_from_json
from grading.likeness import Alike
from grading.reports import classroom, classroom50, gradescope
from grading.reports.class_page import Concern, Known, class_page
from grading.reports.gradebooks import (
    BadGradebook,
    Entry,
    canvas_csv,
    grades_csv,
    moodle_worksheet,
)
from grading.reports.markdown import feedback
from grading.reports.terminal import failures
from grading.roster import Student
from grading.solution import ROOT

NASTY = (
    "Diagnosis: ValueError: ```\n::set-output name=x::y\n  | # heading <script>alert(1)</script>\n"
    "````\n![x](http://x/) @everyone\x1b[31m"
)


def result(slug, points=3, status="passed", exercise="actor_critic_step", **more):
    return CheckResult(
        id=f"{exercise}/{slug}",
        exercise=exercise,
        title=f"It does {slug}",
        points=points if status == "passed" else 0,
        max_points=points,
        bonus=False,
        status=status,
        message=more.pop("message", "" if status == "passed" else "Diagnosis: it does not."),
        **more,
    )


@pytest.fixture
def grade():
    checks = (
        result("one", 4),
        result("two", 4, "failed", diagnosis=("actor_critic_step/sum",), line=7, file="x.py"),
        result("three", 1, "error", message=NASTY, alarm="ended its process"),
        result("four", 1, "failed", waits_for="actor_critic_step/two", message="needs two"),
        result("five", 3, "not_attempted", exercise="collect_episode"),
        result("group", 5, exercise="learning", message="episodes\n  1 to 10  12  ##"),
    )
    return Grade("hw-ada", checks, {"isolation": "require", "versions": {"python": "3.11"}})


def test_a_grade_comes_back_from_its_json(grade):
    assert grade_from_json(json.loads(json.dumps(grade.to_json()))) == grade


@pytest.mark.parametrize(
    "data", [None, {}, {"schema": "actor-critic-grade/2"}, {"schema": "actor-critic-grade/1"}]
)
def test_what_is_no_grade_is_said_to_be_none(data):
    with pytest.raises(ValueError, match=r"no grade|not whole"):
        grade_from_json(data)


# -- GitHub's reporter


def test_the_reporters_table_and_its_annotation_give_the_score(grade):
    results = classroom.results(grade)
    # As the action computes them.
    table = [
        sum(t["status"] == "pass" for t in r["tests"]) / len(r["tests"]) * r["max_score"]
        for r in results.values()
    ]
    annotation = sum(test["score"] for r in results.values() for test in r["tests"])
    assert sum(table) == annotation == grade.score
    assert sum(r["max_score"] for r in results.values()) == grade.max_score
    names = [test["name"] for r in results.values() for test in r["tests"]]
    assert len(names) == len(grade.checks)


@pytest.mark.parametrize("number", [10, 22, 40])
@pytest.mark.parametrize("worth", [1, 3, 5, 9])
def test_however_many_checks_are_worth_the_same_the_table_is_exact(number, worth):
    checks = [result(f"c{n}", worth) for n in range(number)]
    groups = classroom.runners(checks)
    assert sorted(c.id for group in groups.values() for c in group) == sorted(c.id for c in checks)
    for group in groups.values():
        n = len(group)
        assert all(k / n * (worth * n) == k * worth for k in range(n + 1))


def test_outputs_are_lines_that_fit_an_environment_variable(grade):
    long = replace(grade, checks=tuple(replace(c, message="😀" * 8000) for c in grade.checks * 6))
    for line in classroom.outputs(long).splitlines():
        name, _, value = line.partition("=")
        assert re.fullmatch(r"points\d+(x\d+)?", name)
        assert len(value) < 2**17
        assert json.loads(base64.b64decode(value))["version"] == 3


def test_nothing_that_a_submission_says_is_printed_by_the_reporter(grade):
    """Of an error it prints the message, of a test with code the code."""
    for result_ in classroom.results(grade).values():
        for test in result_["tests"]:
            assert test["status"] in ("pass", "fail")
            assert not test["test_code"]
            assert "\n" not in test["name"]


# -- Classroom 50 and Gradescope


def test_classroom_50_gets_whole_numbers_and_no_key_of_ours(grade, classroom50_runner):
    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    said = classroom50.result(grade, classroom50_runner, now)
    assert set(said) == {
        "schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit",
        "release", "review", "datetime", "score", "max-score", "tests",
    }  # fmt: skip
    assert said["datetime"] == "2026-11-22T10:00:00Z"
    assert said["review"] == said["commit"]
    assert (said["score"], said["max-score"]) == (grade.score, grade.max_score)
    for test in said["tests"]:
        assert type(test["score"]) is type(test["max-score"]) is int
        assert type(test["passed"]) is bool
        assert test["test-name"]


def test_outside_of_classroom_50s_runner_there_is_no_result(grade, classroom50_runner):
    with pytest.raises(ValueError, match="USERNAME"):
        classroom50.result(grade, classroom50_runner | {"USERNAME": ""}, datetime.now(UTC))


def test_gradescope_gets_its_statuses(grade):
    said = gradescope.results(grade)
    assert said["score"] == grade.score
    assert sum(test["score"] for test in said["tests"]) == grade.score
    assert {test["status"] for test in said["tests"]} == {"passed", "failed"}


# -- Markdown


def test_in_feedback_a_submission_speaks_inside_fences_only(grade):
    outside, fence = [], None
    for line in feedback(grade).splitlines():
        if fence is None and (opened := re.match(r"(`{3,})text$", line)):
            fence = opened[1]
        elif fence is not None and line == fence:
            fence = None
        elif fence is None:
            outside.append(line)
    assert fence is None
    text = "\n".join(outside)
    for word in ("set-output", "heading", "script", "everyone"):
        assert word not in text
    assert "hw-ada: 9 of 18 points" in text


def test_a_folders_name_cannot_be_markup(grade):
    text = feedback(replace(grade, submission="<b>|*x* [y](z)"))
    assert text.startswith("# &lt;b&gt;\\|\\*x\\* \\[y\\](z): 9 of 18 points")


def test_on_the_terminal_a_submissions_lines_stand_behind_a_bar(grade):
    lines = [line.text for line in failures(grade)]
    assert not any(line.lstrip().startswith("::") for line in lines)


# -- tables

ADA = Student("ada-l", "u1", "Ada Lovelace", "ada@x.edu")
BOB = Student("bob", "u2", "=Bob", "bob@x.edu")


@pytest.fixture
def entries(grade):
    return [
        Entry("hw-ada-l", grade, ADA),
        Entry("hw-bob", None, BOB, "the grader could not"),
        Entry("", None, Student("carl", "u3", "Carl"), "nothing handed in"),
        Entry("hw-eve", grade, None),
    ]


def rows(text):
    return list(csv.DictReader(StringIO(text)))


def test_grades_as_a_table(entries):
    table = rows(grades_csv(entries))
    assert [row["score"] for row in table] == ["9", "", "", "9"]
    assert table[0]["mistakes"] == "actor_critic_step/sum"
    assert table[0]["actor_critic_step"] == "4"
    assert table[1]["name"] == "'=Bob"
    assert table[2]["problem"] == "nothing handed in"


def test_canvas_gets_a_line_of_possible_points_and_everybody_it_knows(entries):
    export = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Other (9)\n"
        "    Points Possible,,,,,10\n"
        '"Lovelace, Ada",11,u1,ada,A,3\n'
        '"Carl, C",12,u3,carl,A,4\n'
    )
    filled = canvas_csv(entries, "Actor-Critic (77)", export)
    assert filled.text.splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Actor-Critic (77)",
        "    Points Possible,,,,,18",
        '"Lovelace, Ada",11,u1,ada,A,9',
    ]
    assert filled.unmatched == ("hw-eve",)


def test_without_an_export_canvas_gets_the_rosters_identifiers(entries):
    filled = canvas_csv(entries, "Actor-Critic")
    assert filled.text.splitlines()[2:] == ["Ada Lovelace,,,u1,,9"]
    assert filled.unmatched == ("hw-eve",)


WORKSHEET = (
    "Identifier,Full name,ID number,Email address,Grade,Maximum Grade,"
    "Grade can be changed,Last modified (grade),Feedback comments\n"
    "Participant 1,Ada L,,ADA@x.edu,,18.00,Yes,-,\n"
    "Participant 2,Carl C,u3,,5.00,18.00,Yes,-,fine\n"
)


def test_of_moodles_worksheet_only_the_grade_changes(entries):
    filled = moodle_worksheet(entries, WORKSHEET)
    before, after = rows(WORKSHEET), rows(filled.text)
    assert after[0] == before[0] | {"Grade": "9"}
    assert after[1] == before[1]
    assert filled.unmatched == ("hw-eve",)


def test_a_worksheet_with_another_maximum_is_refused(entries):
    with pytest.raises(BadGradebook, match="set the assignment's to 18"):
        moodle_worksheet(entries, WORKSHEET.replace("18.00", "10.00"))


@pytest.mark.parametrize(
    "table", ["", "a,b\n1,2\n", "Identifier,Grade\n", "Identifier,Grade\n1,2,3\n"]
)
def test_what_is_no_worksheet_is_refused(table, entries):
    with pytest.raises(BadGradebook):
        moodle_worksheet(entries, table)


def test_two_students_of_one_name_are_not_guessed_at(grade, entries):
    twin = Entry("hw-ada2", grade, replace(ADA, username="ada2", identifier="u9", email=""))
    table = "Identifier,Full name,Grade\nParticipant 1,Ada Lovelace,\n"
    filled = moodle_worksheet([*entries, twin], table)
    assert rows(filled.text)[0]["Grade"] == ""
    assert set(filled.unmatched) == {"Ada Lovelace", "hw-eve"}


# -- the page


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [v for k, v in attributes if k in ("src", "href")]


def page(entries):
    known = {"actor_critic_step/sum": Known("the mean is taken", "a loss was thought a mean")}
    concerns = [Concern(entries[1], "<b>the grader</b> could not")]
    return class_page("A <class>", entries, known, concerns, [Alike(("x.py",), ("hw-eve", "q&a"))])


def test_the_page_needs_nothing_else(entries):
    read = Reader(page(entries))
    assert read.tags.count("script") == 1
    assert not {"link", "img", "iframe"} & set(read.tags)
    outside = [
        a for a in read.addresses if not a.startswith("#") and not a.endswith("/feedback.md")
    ]
    assert not outside


def test_the_page_shows_what_the_class_made_of_it(entries):
    text = page(entries)
    assert "the mean is taken" in text
    assert "ended its process" in text
    assert "A &lt;class&gt;" in text
    assert "&lt;b&gt;the grader" in text
    assert 'href="q%26a/feedback.md"' in text
    assert "nothing handed in" in text


def test_the_page_of_nobody_is_a_page(entries):
    assert "No mistake was named." in class_page("Empty", [], {}, [], [])


# -- the command


def test_the_command_writes_a_report(grade, tmp_path):
    file = tmp_path / "grade.json"
    file.write_text(json.dumps(grade.to_json()))
    command = [sys.executable, "-m", "grading", "report"]
    for format_ in ("terminal", "markdown", "classroom", "classroom-outputs", "gradescope"):
        done = subprocess.run(
            [*command, format_, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout
    done = subprocess.run([*command, "markdown", str(tmp_path)], cwd=ROOT, capture_output=True)
    assert done.returncode == 2
