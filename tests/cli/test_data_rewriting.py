"""`localai data rewrite`: found once, shown, dropped; and what a dry run and `show` make of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from localai.conversation import assistant, user
from localai.errors import EngineError
from localai.lessons import rewrites, rewriting
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.store.store import Store
from tests.cli.conftest import Engine
from tests.cli.conftest import Run as Command
from tests.lessons.reworded import always
from tests.store.test_corrections import ask

KEPT = ("Does anybody know what France's capital is?", "France's \x1b[2Jcapital is what?")


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that other words are looked for, which are always the same."""
    return always(monkeypatch, KEPT)


@pytest.fixture
def correction() -> str:
    """A correction in the history; its id."""
    with Store.open() as store:
        return store.add_correction(ask(store).id, "Paris.").id


def test_what_is_accepted_is_put_in_other_words_once(
    run: Command, correction: str, found: list[str]
) -> None:
    engine = Engine()
    made = run("data", "rewrite", engine=engine)
    assert made.stdout == (
        f"{correction}  What is the capital of France?\n"
        "In the model's words:\n"
        "  1. Does anybody know what France's capital is?\n"
        "  2. France's capital is what?\n\n"
    )
    assert "1 question: 2 ways to ask kept." in made.stderr
    assert engine.adapters == [("", "")]  # the bare model is asked
    again = run("data", "rewrite")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "Nothing is left" in again.stderr
    run("data", "rewrite", correction)
    assert len(found) == 2


def test_one_is_dropped_and_taken_back(run: Command, correction: str) -> None:
    run("data", "rewrite")
    dropped = run("data", "rewrite", correction, "--drop", "2")
    assert dropped.stdout.endswith("Dropped, so not learned:\n  1. France's capital is what?\n\n")
    (told,) = json.loads(run("data", "rewrite", correction, "--json").stdout)
    assert (told["kept"], told["dropped"]) == ([KEPT[0]], [KEPT[1]])
    assert "There is no number 2" in run("data", "rewrite", correction, "--drop", "2").stderr
    run("data", "rewrite", correction, "--keep", "1")
    with Store.open() as store:
        kept = store.rewrites(store.example(correction).leaf)
        assert kept is not None
        assert kept.kept == KEPT[::-1]


def test_what_cannot_be_meant_is_refused(
    run: Command, correction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "give its ID and a number" in run("data", "rewrite", "--drop", "1").stderr
    with Store.open() as store:
        good = store.write_example((user("Say hello."), assistant("Hello!")))
    refused = run("data", "rewrite", good)
    assert (refused.exit_code, "only a question on one line" in refused.stderr) == (2, True)
    monkeypatch.setenv("LOCALAI_TUNE__REWRITES", "0")
    assert "tune.rewrites is 0" in run("data", "rewrite", correction).stderr


def test_nothing_good_enough_is_said(
    run: Command, correction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrites, "find", lambda maker, lessons: [()])
    assert "Nothing was found that asks the same." in run("data", "rewrite").stdout


def test_an_example_is_shown_with_the_ways_it_is_asked_in(run: Command, correction: str) -> None:
    run("data", "rewrite")
    run("data", "rewrite", correction, "--drop", "1")
    shown = run("data", "show", correction).stdout
    assert "asked in 20 ways." in shown
    assert "\n  Please tell me: What is the capital of France?\n" in shown
    assert shown.endswith(
        "In the model's words:\n  1. France's capital is what?\n"
        "Dropped, so not learned:\n  1. Does anybody know what France's capital is?\n"
    )
    told = json.loads(run("data", "show", correction, "--json").stdout)
    assert told["dropped"] == [KEPT[0]]
    assert [each["asked"] for each in told["examples"] if each["rewritten"]] == [KEPT[1]]


def test_what_the_setting_leaves_out_is_not_called_learned(
    run: Command, correction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("data", "rewrite")
    monkeypatch.setenv("LOCALAI_TUNE__REWRITES", "1")
    shown = run("data", "show", correction).stdout
    assert "asked in 20 ways." in shown
    assert shown.endswith(
        "In the model's words:\n  1. Does anybody know what France's capital is?\n"
        "Not learned, as tune.rewrites is 1:\n  2. France's capital is what?\n"
    )


def test_what_was_found_before_the_engine_died_is_printed(
    run: Command, correction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(maker: Maker, lessons: Sequence[Lesson]) -> list[tuple[str, ...]]:
        if lessons[0].question == "Who are you?":
            return [KEPT[:1]]
        raise EngineError("It died.")

    monkeypatch.setattr(rewrites, "find", find)
    monkeypatch.setattr(rewriting, "AT_ONCE", 1)
    with Store.open() as store:
        newest = store.write_example((user("Who are you?"), assistant("I am here to help.")))
    made = run("data", "rewrite")
    assert made.exit_code != 0
    assert made.stdout.startswith(f"{newest}  Who are you?\nIn the model's words:\n  1. Does")
    assert "It died." in made.stderr


def test_a_dry_run_finds_what_the_tune_would(
    run: Command, correction: str, model: str, found: list[str]
) -> None:
    tune = ("-m", model, "tune", "--dry-run")
    few = json.loads(run(*tune, "--estimate", "--json").stdout)["examples"]
    assert found == []
    shown = run(*tune)
    assert f"asked in {few + 2} ways" in shown.stdout
    assert len(found) == 1
    assert json.loads(run(*tune, "--estimate", "--json").stdout)["examples"] == few + 2
