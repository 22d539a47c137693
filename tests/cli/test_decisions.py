"""`localai tools decisions`: what was decided, and forgetting it."""

from __future__ import annotations

import json

import pytest

from localai.store.store import Store
from tests.cli.conftest import Run


@pytest.fixture
def chat(run: Run) -> str:
    """A conversation in which something was decided, and elsewhere, too."""
    with Store.open() as store:
        made = store.create_conversation("Talk").id
        store.decide("search", "aa", allowed=True, conversation=made)
        store.decide("search", "bb", allowed=True)
        store.decide("send", "cc", allowed=False)
    return made


def test_decisions_are_listed(run: Run, chat: str) -> None:
    lines = run("tools", "decisions").stdout.splitlines()
    assert lines == [
        "search\talways",
        f"search\tin conversation {chat[-8:].lower()}",
        "send\tnever",
    ]
    first, second, third = json.loads(run("tools", "decisions", "--json").stdout)
    assert (first["conversation_id"], second["conversation_id"]) == (None, chat)
    assert third == {"tool": "send", "allowed": False, "conversation_id": None, "code": "cc"}


def test_what_is_forgotten_asks_again(run: Run, chat: str) -> None:
    assert run("tools", "decisions", "--forget", "send").exit_code == 0
    assert "send" not in run("tools", "decisions").stdout
    again = run("tools", "decisions", "--forget", "send")
    assert again.exit_code == 2
    assert again.stderr.startswith("Nothing was decided about send; ")


def test_nothing_decided_is_no_error(run: Run) -> None:
    result = run("tools", "decisions")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr.startswith("Nothing is decided; ")
