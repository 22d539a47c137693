from __future__ import annotations

import json

import pytest

from localai import paths
from localai.cli import listing
from localai.kv_folder import KvFolder
from localai.store.rows import Conversation
from localai.store.store import Store
from tests.cli.conftest import Run


@pytest.fixture
def ids(run: Run) -> list[str]:
    """Two conversations, the first one first."""
    return [
        json.loads(run("ask", "--json", text).stdout)["conversation_id"]
        for text in ("What is\ta fjord?", "Say \x1b[31mred")
    ]


def test_an_empty_history_is_no_error(run: Run) -> None:
    result = run("history", "list")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == "No conversations yet; start one: localai ask\n"
    assert run("history", "list", "--json").stdout == "[]\n"


def test_a_list_for_programs_has_one_line_each(run: Run, ids: list[str]) -> None:
    lines = [line.split("\t") for line in run("history", "list").stdout.splitlines()]
    assert [(line[0], line[2], line[3]) for line in lines] == [
        (ids[1], "2", "Say red"),
        (ids[0], "2", "What is a fjord?"),
    ]
    assert len(run("history", "list", "--limit", "1").stdout.splitlines()) == 1


def test_a_list_as_json(run: Run, ids: list[str]) -> None:
    found = json.loads(run("history", "list", "--json").stdout)
    assert [row["id"] for row in found] == ids[::-1]
    assert found[1].keys() == {
        "id",
        "title",
        "system",
        "created",
        "updated",
        "messages",
        "deleted",
        "forked_at",
    }


def test_a_list_for_eyes_fits_the_window() -> None:
    rows = [
        Conversation("01ABCDEFGHJKMNPQRSTVWXYZ01", "Ein langer Titel " * 9, "", "", 0.0, 0.0, 1234),
        Conversation("01ABCDEFGHJKMNPQRSTVWXYZ02", "短い", "", "", 0.0, 0.0, 2),
        Conversation("01ABCDEFGHJKMNPQRSTVWXYZ03", "", "", "", 0.0, 0.0, 0),
    ]
    plain = [line.replace("\x1b[2m", "").replace("\x1b[0m", "") for line in listing.table(rows, 60)]
    assert [len(line) <= 60 for line in plain] == [True] * 3
    assert plain[0].startswith("tvwxyz01  ")
    assert plain[0].endswith("…")
    assert plain[1].split()[-2:] == ["2", "短い"]
    assert plain[2].endswith("untitled")


@pytest.mark.parametrize("how", ["whole", "end", "latest"])
def test_show_prints_the_conversation(run: Run, ids: list[str], how: str) -> None:
    id = {"whole": ids[1], "end": ids[1][-8:].lower(), "latest": "latest"}[how]
    assert run("history", "show", id).stdout == (
        "# Say red\n\n## You\n\nSay red\n\n## Model (scripted)\n\nHello!\n"
    )


def test_show_as_json(run: Run, ids: list[str]) -> None:
    found = json.loads(run("history", "show", ids[1], "--json").stdout)
    question, answer = found["messages"]
    assert (question["role"], question["text"]) == ("user", "Say \x1b[31mred")
    assert (answer["role"], answer["text"], answer["status"]) == ("assistant", "Hello!", "done")
    assert answer["model"] == "scripted"
    assert answer["tokens"]["generated"] == 2
    assert answer["sampling"]["temperature"] >= 0


def test_rm_can_be_undone(run: Run, ids: list[str]) -> None:
    result = run("history", "rm", ids[0])
    short = ids[0][-8:].lower()
    assert result.stdout == ""
    assert result.stderr == (
        f"Deleted “What is a fjord?”; bring it back with: localai history undo {short}\n"
    )
    assert ids[0] not in run("history", "list").stdout
    assert ids[0] in run("history", "list", "--deleted").stdout
    assert run("history", "undo", short).exit_code == 0
    assert ids[0] in run("history", "list").stdout


def test_purge_wants_a_confirmation(run: Run, ids: list[str]) -> None:
    refused = run("history", "rm", "--purge", *ids)
    assert refused.exit_code == 2
    assert "confirm it with --yes" in refused.stderr
    saved = KvFolder(paths.kv())
    saved.make()
    (saved.path / "a.kv").write_bytes(b"what was said")
    assert run("history", "rm", "--purge", "--yes", *ids).exit_code == 0
    assert saved.files() == []
    with Store.open() as store:
        assert store.conversations() == store.conversations(deleted=True) == ()


@pytest.mark.parametrize(
    "command", [("show", "nope"), ("rm", "nope"), ("undo", "nope"), ("show", "latest")]
)
def test_a_conversation_that_is_not_there(run: Run, command: tuple[str, ...]) -> None:
    result = run("history", *command)
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1


def test_a_fork_goes_on_by_itself(run: Run, ids: list[str]) -> None:
    asked, answered = json.loads(run("history", "show", ids[0], "--json").stdout)["messages"]
    forked = run("history", "fork", ids[0][-8:])
    fork = forked.stdout.strip()
    assert forked.stdout == f"{fork}\n"
    assert forked.stderr == (
        f"Forked “What is a fjord?”; go on with: localai ask --conversation {fork[-8:].lower()} …\n"
    )
    run("ask", "--conversation", fork, "And a lake?")
    found = json.loads(run("history", "show", fork, "--json").stdout)
    assert found["title"] == "What is\ta fjord? (2)"
    assert found["forked_at"] == answered["id"]
    assert [each["id"] for each in found["messages"][:2]] == [asked["id"], answered["id"]]
    assert len(found["messages"]) == 4
    assert len(json.loads(run("history", "show", ids[0], "--json").stdout)["messages"]) == 2
    at = json.loads(run("history", "show", fork, "--at", answered["id"][-8:], "--json").stdout)
    assert len(at["messages"]) == 3


def test_a_fork_at_a_message(run: Run, ids: list[str]) -> None:
    asked, _ = json.loads(run("history", "show", ids[0], "--json").stdout)["messages"]
    fork = run("history", "fork", ids[0], "--at", asked["id"]).stdout.strip()
    assert len(json.loads(run("history", "show", fork, "--json").stdout)["messages"]) == 1
    elsewhere = run("history", "fork", ids[1], "--at", asked["id"])
    assert (elsewhere.stdout, elsewhere.exit_code) == ("", 1)
    assert "has no message" in elsewhere.stderr
    with Store.open() as store:
        empty = store.create_conversation().id
    assert "Nothing was said" in run("history", "fork", empty).stderr


@pytest.mark.parametrize("how", [(), ("--purge", "--yes")])
def test_what_is_shared_outlives_the_original(
    run: Run, ids: list[str], how: tuple[str, ...]
) -> None:
    fork = run("history", "fork", ids[0]).stdout.strip()
    run("history", "rm", ids[0], *how)
    assert len(json.loads(run("history", "show", fork, "--json").stdout)["messages"]) == 2


def test_a_conversation_goes_on_from_another_branch(run: Run) -> None:
    run("ask", "Capital of France?", replies=["Lyon."])
    again = run("ask", "--again", replies=["Paris."])
    assert (again.exit_code, again.stdout) == (0, "Paris.\n")
    run("ask", "--instead", "Capital of Spain?", replies=["Madrid."])
    with Store.open() as store:
        [row] = store.conversations()
        assert [m.message.text for m in store.path(row.leaf)] == ["Capital of Spain?", "Madrid."]
    shown = json.loads(run("history", "show", "latest", "--json").stdout)["messages"]
    first = shown[0]["alternatives"][0]
    assert run("history", "switch", "latest", first[-8:]).exit_code == 0
    shown = json.loads(run("history", "show", "latest", "--json").stdout)["messages"]
    assert [each["text"] for each in shown] == ["Capital of France?", "Paris."]
    lyon = shown[1]["alternatives"][0]
    run("history", "switch", "latest", lyon)
    shown = json.loads(run("history", "show", "latest", "--json").stdout)["messages"]
    assert [each["text"] for each in shown] == ["Capital of France?", "Lyon."]
    assert run("history", "switch", "latest", "zzz").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--again", "text"], "leave out TEXT"),
        (["--again", "--no-save"], "--no-save starts from nothing"),
        (["--instead", "Hi"], "no conversation to go on with yet"),
        (["--again"], "no conversation to go on with yet"),
    ],
)
def test_another_branch_needs_a_conversation(run: Run, arguments: list[str], words: str) -> None:
    done = run("ask", *arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert words in done.stderr
