"""`localai history search`, and going from there to the message."""

from __future__ import annotations

import json

import pytest

from localai.cli import found
from localai.conversation import assistant, user
from localai.store.rows import Hit
from localai.store.store import Store
from tests.cli.conftest import Run


@pytest.fixture
def ids() -> list[str]:
    """A conversation, and in it a question, two answers to it and a follow-up of the first."""
    with Store.open() as store:
        tree = store.create_conversation("On\tzebras").id
        asked = store.add_message(tree, "", user("What is a\nzebra \x1b[31m?")).id
        first = store.add_message(tree, asked, assistant("A striped horse")).id
        more = store.add_message(tree, first, user("Really?")).id
        second = store.add_message(tree, asked, assistant("An animal")).id
    return [tree, asked, first, more, second]


def test_one_line_a_message_for_programs(run: Run, ids: list[str]) -> None:
    result = run("history", "search", "zeb")
    (line,) = result.stdout.splitlines()
    conversation, message, role, when, title, stretch = line.split("\t")
    assert [conversation, message, role] == [ids[0], ids[1], "user"]
    assert when.endswith("Z")
    assert (title, stretch) == ("On zebras", "What is a zebra ?")
    assert (result.stderr, result.exit_code) == ("", 0)


def test_json_keeps_the_text_as_it_was(run: Run, ids: list[str]) -> None:
    (hit,) = json.loads(run("history", "search", "--json", "zebra").stdout)
    assert (hit["conversation_id"], hit["message_id"], hit["role"]) == (ids[0], ids[1], "user")
    assert hit["title"] == "On\tzebras"
    assert hit["pieces"] == [
        {"text": "What is a\n", "match": False},
        {"text": "zebra", "match": True},
        {"text": " \x1b[31m?", "match": False},
    ]


def test_words_filters_and_unwanted_words_are_arguments(run: Run, ids: list[str]) -> None:
    def messages(*query: str) -> list[str]:
        lines = run("history", "search", *query).stdout.splitlines()
        return [line.split("\t")[1] for line in lines]

    assert messages("striped", "hor") == [ids[2]]
    assert set(messages("role:assistant")) == {ids[2], ids[4]}
    assert messages("role:assistant", "-horse") == [ids[4]]
    assert messages("role:assistant", "--limit", "1") == [ids[4]]
    assert messages('"a striped"') == [ids[2]]
    assert messages('"striped a"') == []


def test_nothing_found_is_no_error(run: Run, ids: list[str]) -> None:
    result = run("history", "search", "giraffe")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr.startswith("Nothing was found")
    assert run("history", "search", "--json", "giraffe").stdout == "[]\n"


def test_an_unknown_filter_is_a_sentence(run: Run, ids: list[str]) -> None:
    result = run("history", "search", "colour:red")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.startswith("There is no filter colour: (there are role:user, ")
    assert result.stderr.count("\n") == 1


def test_show_begins_at_the_message_on_its_branch(run: Run, ids: list[str]) -> None:
    shown = run("history", "show", ids[0], "--at", ids[2][-8:].lower())
    assert shown.stdout == "# On\tzebras\n\n## Model\n\nA striped horse\n\n## You\n\nReally?\n"
    assert shown.stderr.startswith(
        "1 earlier message is not shown; all of it: localai history show"
    )
    found = json.loads(run("history", "show", "latest", "--json", "--at", ids[4]).stdout)
    assert [message["id"] for message in found["messages"]] == [ids[4]]
    everything = json.loads(run("history", "show", "latest", "--json").stdout)
    assert [message["id"] for message in everything["messages"]] == [ids[1], ids[4]]


def test_a_message_that_is_not_there(run: Run, ids: list[str]) -> None:
    result = run("history", "show", "latest", "--at", "nope")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.startswith("The conversation has no message 'nope'")
    assert run("history", "show", "latest", "--at", ids[1][:4]).stderr.startswith("More than one")


def test_lines_for_eyes_fit_the_window_and_mark_the_match() -> None:
    pieces = (
        ("…before the\n", False),
        ("zebra", True),
        (" and \x1b[0m" + "much more " * 20, False),
    )
    hit = Hit(
        "01ABCDEFGHJKMNPQRSTVWXYZ01", "短い title " * 9, "01ABCDEFGHJK9MESSAGE", "user", 0, pieces
    )
    head, stretch = found.table([hit], 70)
    assert head.startswith("\x1b[2mtvwxyz01  9message  ")
    assert head.endswith("…")
    assert stretch.startswith("    …before the \x1b[1mzebra\x1b[0m and much more ")
    plain = stretch.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert 60 < len(plain) <= 70
