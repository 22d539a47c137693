"""`localai styles`: what is asked, what is kept, and who goes by it."""

from __future__ import annotations

import json

import pytest

from localai import config
from localai.chat import steps
from localai.engine.scripted import Script
from localai.evals.problems.pools import KINDS
from tests.cli.conftest import Engine, Run
from tests.cli.scripted_main import THINKING


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums alone."""
    monkeypatch.setattr("localai.evals.problems.pools.KINDS", {"sums": KINDS["sums"]})
    monkeypatch.setattr("localai.evals.problems.gym.find_spec", lambda name: None)


def sums(n: int) -> list[str]:
    """The answers to the first sums."""
    from localai.evals.problems.pools import problems

    return [each.answers[0] for kind in problems("dev") for each in kind][:n]


@pytest.mark.usefixtures("few")
def test_the_better_style_is_found_and_kept(run: Run) -> None:
    replies: list[str | Script] = [*sums(10), "I cannot tell."]
    result = run("styles", "find", "--n", "10", replies=replies)
    assert result.exit_code == 0, result.stderr
    heading, row = result.stdout.splitlines()
    assert heading.split()[:3] == ["kind", "n", "direct"]
    assert row.split()[:5] == ["sums", "10", "1.00", "±", "0.00"]
    assert row.split()[-1] == "direct"
    assert "sums: direct. Kept in the settings as styles.scripted" in result.stderr
    assert config.load().styles["scripted"].direct == ["sums"]


@pytest.mark.usefixtures("few")
def test_nothing_is_kept_of_a_dry_run_or_of_chance(run: Run) -> None:
    replies: list[str | Script] = [*sums(10), "I cannot tell."]
    told = run("styles", "find", "--n", "10", "--dry-run", "--json", replies=replies)
    assert json.loads(told.stdout)[0]["better"] == "direct"
    assert run("styles", "find", "--n", "2", replies=["No."]).stderr.endswith(
        "In no kind is one way better beyond what chance would bring.\n"
    )
    assert config.load().styles == {}


@pytest.mark.usefixtures("few")
def test_thinking_is_asked_under_every_budget(run: Run) -> None:
    engine = Engine(["<think>well well</think>12"], thinking=THINKING)
    result = run("styles", "budgets", "--n", "1", engine=engine)
    assert [line.split("  ")[0] for line in result.stdout.splitlines()[1:]] == [
        "off",
        "at most 64",
        "at most 256",
        "at most 1,024",
    ]
    budgets = [request.reasoning and request.reasoning.budget for request in engine.requests]
    assert budgets == [None, 64, 256, 1024]
    rows = json.loads(run("styles", "budgets", "--n", "1", "--json", engine=engine).stdout)
    assert [row["budget"] for row in rows] == [0, 64, 256, 1024]


def test_a_model_that_does_not_think_is_told_so(run: Run) -> None:
    result = run("styles", "budgets")
    assert result.exit_code != 0
    assert result.stderr.endswith("localai styles find\n")


@pytest.mark.parametrize(
    ("question", "style"),
    [("What is 2 + 2?", "direct"), ("What is 2 * 2?", "steps"), ("Who are you?", "direct")],
)
def test_ask_takes_the_style_that_is_known_to_be_better(
    run: Run, question: str, style: str
) -> None:
    config.save(("styles", "scripted", "direct"), ["sums"])
    config.save(("styles", "scripted", "steps"), ["products"])
    engine = Engine(["Hm.\nAnswer: 4"])
    run("ask", "--style", "auto", question, engine=engine)
    assert (steps.STEPS in engine.prompt()) is (style == "steps")


def test_a_style_that_is_named_is_taken(run: Run) -> None:
    config.save(("styles", "scripted", "direct"), ["sums"])
    engine = Engine(["Hm.\nAnswer: 4"])
    run("ask", "--style", "steps", "What is 2 + 2?", engine=engine)
    assert steps.STEPS in engine.prompt()
    run("ask", "--again", "--continue", "--style", "auto", engine=engine)
    assert steps.STEPS not in engine.prompt()
    result = run("ask", "--steps", "--style", "direct", "Hi")
    assert result.stderr == "--steps has no place beside --style direct.\n"
