from __future__ import annotations

import json
from pathlib import Path

import pytest

from localai.store.store import Store
from tests.cli.conftest import Run
from tests.faults import store_canaries


@pytest.fixture
def ids(run: Run) -> list[str]:
    """Two conversations, the first one first."""
    return [
        json.loads(run("ask", "--json", text).stdout)["conversation_id"]
        for text in ("My secret is zanzibar", "What is a fjord?")
    ]


def messages(run: Run, id: str) -> list[str]:
    return [
        each["id"] for each in json.loads(run("history", "show", id, "--json").stdout)["messages"]
    ]


def test_a_conversation_is_forgotten_after_a_list_of_what_goes(
    run: Run, ids: list[str], home: Path
) -> None:
    run("backup")
    result = run("history", "forget", ids[0][-8:], "--yes")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "  2 messages\n" in result.stderr
    assert "with them 1 whole conversation:\n    “My secret is zanzibar”" in result.stderr
    assert "1 copy of the history" in result.stderr
    assert "Forgotten. A clean backup was made: " in result.stderr
    assert [row["id"] for row in json.loads(run("history", "list", "--json").stdout)] == ids[1:]
    assert not [
        path for path in home.rglob("*") if path.is_file() and b"zanzibar" in path.read_bytes()
    ]


def test_everything_that_matches(run: Run, ids: list[str]) -> None:
    assert "has the words 'zanzi'" in run("history", "forget", "--match", "zanzi").stderr
    assert run("history", "forget", "--match", "ZANZIBAR secret", "--yes").exit_code == 0
    assert ids[0] not in run("history", "list").stdout


def test_a_single_answer(run: Run, ids: list[str]) -> None:
    question, answer = messages(run, ids[1])
    assert run("history", "forget", answer, "--yes").exit_code == 0
    assert messages(run, ids[1]) == [question]


def test_a_dry_run_and_a_refusal_change_nothing(run: Run, ids: list[str]) -> None:
    dry = run("history", "forget", *ids, "--dry-run")
    assert "  4 messages\n" in dry.stderr
    refused = run("history", "forget", *ids)
    assert refused.exit_code == 2
    assert "confirm it with --yes" in refused.stderr
    assert len(run("history", "list").stdout.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments", [(), ("--finish", "latest"), ("nope",), ("Z" * 26,), ("--match", " ")]
)
def test_what_makes_no_sense(run: Run, ids: list[str], arguments: tuple[str, ...]) -> None:
    result = run("history", "forget", *arguments, "--yes")
    assert result.exit_code in (1, 2)
    assert result.stderr.count("\n") == 1
    assert len(run("history", "list").stdout.splitlines()) == 2


@pytest.mark.parametrize("more", [("--dry-run",), ("latest",), ("--match", "fjord")])
def test_finishing_takes_nothing_else(
    run: Run, ids: list[str], home: Path, more: tuple[str, ...]
) -> None:
    (home / "forget.unfinished").write_text(
        json.dumps({"conversations": [ids[0]], "messages": []}), "utf-8"
    )
    refused = run("history", "forget", "--finish", *more)
    assert refused.exit_code == 2
    assert "leave them out" in refused.stderr
    assert len(run("history", "list").stdout.splitlines()) == 2


def test_an_adapter_that_learned_is_retired_and_named(run: Run, home: Path) -> None:
    with Store.open() as store:
        canary = store_canaries.canaries(1, 1)[0]
        tree = store_canaries.plant(store, canary, 2)
        made = store_canaries.learn(store, home, canary)
    result = run("history", "forget", tree, "--yes")
    assert "1 adapter that learned from it: tuned-1" in result.stderr
    assert "1 tune run" in result.stderr
    assert "had learned from nothing else" in result.stderr
    assert not Path(made.file).exists()


def test_one_that_was_interrupted_is_finished(run: Run, ids: list[str], home: Path) -> None:
    assert run("history", "forget", "--finish").stderr == "Nothing was left to forget.\n"
    (home / "forget.unfinished").write_text(
        json.dumps({"conversations": [ids[0]], "messages": messages(run, ids[0])}), "utf-8"
    )
    assert "Forgotten." in run("history", "forget", "--finish").stderr
    assert ids[0] not in run("history", "list").stdout
    assert not (home / "forget.unfinished").exists()


def test_forks_that_lose_messages_and_what_stays_are_listed(run: Run, ids: list[str]) -> None:
    question, answer = messages(run, ids[1])
    fork = run("history", "fork", ids[1], "--at", question).stdout.strip()
    run("ask", "--conversation", fork, "And a lake?")
    listed = run("history", "forget", fork, "--dry-run").stderr
    assert "  2 messages\n" in listed
    assert "Not forgotten: 1 message that a fork shares with another conversation." in listed
    last = messages(run, fork)[-1]
    listed = run("history", "forget", last, "--dry-run").stderr
    assert "1 fork that go on" not in listed
    assert "“What is a fjord? (2)”" in listed
    assert "“What is a fjord? (2)”" in run("history", "forget", question, "--dry-run").stderr
    assert run("history", "forget", answer, "--yes").exit_code == 0
    assert last in messages(run, fork)
