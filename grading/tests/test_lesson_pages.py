"""The lesson's page, its figures and its notebook: nothing is missing or out of date."""

import re

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from grading import trials
from grading.bank.pipeline import pipelines
from grading.solution import ROOT
from lesson import notebook
from lesson.figures.__main__ import DATA, FOLDER, LANDERS, RUNS, draw, rewards_of

PAGE = (ROOT / "exercises" / "README.md").read_text("utf-8")


HINTS = set(re.findall(r'<a name="([^"]+)">', PAGE))


def anchors(markdown):
    """Those that GitHub makes of headings, and those that stand in the text."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {notebook.anchor(heading) for heading in headings} | set(
        re.findall(r'<a name="([^"]+)">', markdown)
    )


def test_every_link_of_the_page_leads_somewhere():
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        if file.startswith("http"):
            continue
        path = (ROOT / "exercises" / file).resolve()
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(PAGE if not file else path.read_text("utf-8")), target


def test_every_anchor_that_a_message_names_is_on_the_page():
    named = {mistake.read for pipe in pipelines().values() for mistake in pipe.mistakes.values()}
    for file in [*(ROOT / "tests").glob("*.py"), *(ROOT / "grading").glob("*.py")]:
        text = file.read_text("utf-8")
        named |= set(re.findall(r'read="([\w-]+)"', text))
        named |= set(re.findall(r'^[A-Z_]+ = "([a-z]+-[\w-]+-[\w-]+)"', text, re.M))
        named |= set(re.findall(r'"((?:the|exercise|returns|putting)[\w-]*-[\w-]+|returns)"', text))
    named |= set(trials.HINTS.values())
    assert named >= HINTS
    assert named <= anchors(PAGE)


# What a student might write, and the folded hint that the message then names.
STEP, COLLECT = "actor_critic_step", "collect_episode"
BONUS, SHARED = "challenges/entropy_bonus", "challenges/shared_backbone"
HUNT = "challenges/bug_hunt"
REBUILT = "torch.tensor([*map(float, log_probs)], requires_grad=True)"
SAMPLED = "-torch.stack(list(log_probs))"
SLIPS = [
    (
        "the-steps-of-the-update",
        STEP,
        {"actor_optimizer.step()": "", "critic_optimizer.step()": ""},
    ),
    ("all-values-at-once", STEP, {"critic(states_t)": "critic(states_t).unsqueeze(1)"}),
    ("one-tensor-with-its-graph", STEP, {"torch.stack(list(log_probs))": REBUILT}),
    ("a-loss-without-a-graph", STEP, {"torch.stack(list(log_probs))": "torch.tensor(log_probs)"}),
    ("a-graph-used-twice", STEP, {"values.detach()": "values"}),
    ("floats-and-graphs", COLLECT, {"critic(state_t).item()": "critic(state_t)"}),
    ("the-end-of-an-episode", COLLECT, {"terminated or truncated": "terminated"}),
    ("a-copy-of-the-state", COLLECT, {"np.array(state)": "state"}),
    ("whose-entropy", BONUS, {"Categorical(probs=actor(states_t)).entropy()": SAMPLED}),
    ("the-sign-of-the-bonus", BONUS, {"- beta *": "+ beta *"}),
    ("one-trunk-and-a-constant", SHARED, {"values.detach()": "values"}),
    (
        "shapes-of-two-heads",
        SHARED,
        {"self.value_head(hidden).squeeze(-1)": "self.value_head(hidden)"},
    ),
    ("a-rate-a-width-a-price", "challenges/lunar_lander", {"actor_lr=0.005": "actor_lr=0.5"}),
    ("what-can-be-sent", HUNT, {"list(states.numpy())": "states.numpy()"}),
    (
        "what-a-test-can-see",
        HUNT,
        {"if not np.allclose(returned, losses, rtol=1e-3, atol=1e-4)": "if losses is None"},
    ),
    (
        "an-episode-that-tells",
        HUNT,
        {"zip(episodes, expected, s": "zip(episodes[:1], expected[:1], s"},
    ),
    (
        "right-in-another-way",
        HUNT,
        {"np.allclose(returned, losses, rtol=1e-3, atol=1e-4)": "list(returned) == losses"},
    ),
    # Errors of which no mistake is known.
    ("a-loss-without-a-graph", STEP, {"* advantages).sum()": "* advantages).sum().detach() / 7"}),
    (
        "a-graph-used-twice",
        STEP,
        {"actor_loss.backward()": "[actor_loss.backward() for _ in '123']"},
    ),
    ("the-end-of-an-episode", COLLECT, {"terminated or truncated": "len(states) == 8"}),
]


def test_there_is_a_slip_for_every_hint():
    assert {hint for hint, *_ in SLIPS} == HINTS


@pytest.mark.parametrize(("hint", "exercise", "slip"), SLIPS)
def test_a_failure_message_leads_to_the_hint(hint, exercise, slip, submit, grade_here):
    source = (ROOT / "reference" / f"{exercise}.py").read_text("utf-8")
    for right, wrong in slip.items():
        assert right in source
        source = source.replace(right, wrong)
    results = grade_here(submit(**{exercise: source}))
    messages = [str(result.message) for result in results.values() if result.status != "passed"]
    assert any(f"exercises/README.md#{hint}" in message for message in messages), messages


def test_figures_are_what_their_data_give(tmp_path):
    with np.load(DATA) as data:
        draw(data, tmp_path)
        for part, runs in (("rewards", RUNS), ("landers", LANDERS)):
            assert all(len(rewards) == runs for rewards in rewards_of(data, part).values())
    assert RUNS >= 64
    assert LANDERS >= 32
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert drawn == {path.name: path.read_bytes() for path in FOLDER.iterdir()}


def test_every_figure_is_on_the_page_with_a_text_beside_it():
    shown = dict(re.findall(r"!\[([^\]]+)\]\(figures/([^)]+)\)", PAGE))
    assert set(shown.values()) == {path.name for path in FOLDER.iterdir()}


# -- the notebook


def test_the_notebook_is_made_from_the_page():
    assert notebook.main(["--check"]) == 0


def test_a_notebook_that_is_out_of_date_is_noticed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(notebook, "NOTEBOOK", tmp_path / "lesson.ipynb")
    assert notebook.main(["--check"]) == 1
    assert "nox -s notebook" in capsys.readouterr().out
    assert notebook.main([]) == 0
    assert notebook.main(["--check"]) == 0


def run_notebook(monkeypatch, solution):
    monkeypatch.setenv("LESSON_SOLUTION", str(solution))
    made = nbformat.read(ROOT / "exercises" / "lesson.ipynb", as_version=4)
    client = NotebookClient(made, timeout=300, resources={"metadata": {"path": ROOT / "exercises"}})
    client.execute()
    return made


def printed(made):
    return "".join(
        output.get("text", "") for cell in made.cells for output in cell.get("outputs", [])
    )


def test_the_notebook_runs_with_the_reference(monkeypatch):
    made = run_notebook(monkeypatch, "reference")
    said = printed(made)
    assert "advantage 3, actor loss 2.079, critic loss 9" in said
    assert "[2.9701, 1.99, 1.0]" in said
    assert re.search(r"mean reward of the first 20 episodes \d+, of the last 20 \d+", said)
    kinds = [kind for cell in made.cells for output in cell.get("outputs", [])
             for kind in output.get("data", {})]  # fmt: skip
    assert kinds.count("image/svg+xml") == len(list(FOLDER.iterdir()))
    assert kinds.count("image/png") == 1


def test_the_notebook_stops_at_the_exercise_that_is_not_written(monkeypatch, tmp_path):
    for written, stops_at in (
        ([], "actor_critic_step is not written yet"),
        (["actor_critic_step"], "collect_episode_with_values is not written yet"),
    ):
        exercises = tmp_path / stops_at[:5] / "exercises"
        exercises.mkdir(parents=True)
        for name in ("actor_critic_step", "collect_episode"):
            source = ROOT / ("reference" if name in written else "exercises") / f"{name}.py"
            (exercises / source.name).write_text(source.read_text("utf-8"), "utf-8")
        with pytest.raises(CellExecutionError, match=stops_at) as caught:
            run_notebook(monkeypatch, exercises)
        assert caught.value.ename == "LessonError"
