"""Searching conversations from the process of a call: what comes back and what does not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from localai.conversation import assistant, user
from localai.store.driver import sqlite
from localai.store.store import Store
from localai.tools import sandbox
from localai.tools.allowed import Allowed
from localai.tools.builtin.chats import search_chats
from localai.tools.outcome import Failed, Ok, Outcome


def ask(home: Path, query: str, limit: int = 5, conversation: str = "") -> Outcome:
    """One call."""
    allowed = Allowed(data=str(home), conversation=conversation)
    return sandbox.run(search_chats, {"query": query, "limit": limit}, allowed=allowed)


def refused(home: Path, query: str, limit: int = 5) -> str:
    """The sentence of a call that is refused."""
    outcome = ask(home, query, limit)
    assert isinstance(outcome, Failed)
    assert outcome.text.endswith(".")
    return outcome.text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three conversations; nobody has them open."""
    with Store.open(tmp_path / "localai.db") as store:
        travel = store.create_conversation("Travel\nplans").id
        first = store.add_message(travel, "", user("Is there a night train to Lisbon?"))
        store.add_message(travel, first.id, assistant("Yes:\nthe Lusitania runs daily."))
        store.add_message(store.create_conversation().id, "", user("Bread without a title"))
    return tmp_path


def test_where_nobody_has_talked_yet(tmp_path: Path) -> None:
    assert ask(tmp_path / "nowhere", "train").text == "There are no conversations yet."
    assert not (tmp_path / "nowhere").exists()


def test_a_result_says_when_where_who_and_what(home: Path) -> None:
    day = datetime.now().date().isoformat()
    assert ask(home, "night Lisbon").text == (
        f'{day}, in "Travel plans", the user said:\nIs there a night train to Lisbon?'
    )
    assert ask(home, "lusitania").text == (
        f'{day}, in "Travel plans", the assistant said:\nYes: the Lusitania runs daily.'
    )
    assert ask(home, "bread").text.startswith(f"{day}, in one without a title, the user said:\n")
    nothing = "Nothing in earlier conversations has the words polar bears."
    assert ask(home, "polar\nbears").text == nothing


def test_it_reads_while_the_app_writes(home: Path) -> None:
    with Store.open(home / "localai.db", checkpoints=True) as store:
        here = store.create_conversation("Now").id
        said = store.add_message(here, "", user("What did I say about the train to Lisbon?"))
        with store._db.write() as db:
            db.execute("UPDATE conversations SET title = 'changed'")
            outcome = ask(home, "train Lisbon", conversation=here)
        assert isinstance(outcome, Ok)
        assert outcome.text.count("the user said") == 1
        assert "night train" in outcome.text
        assert "What did I say" in ask(home, "train Lisbon").text
        store.add_message(here, said.id, assistant("It goes at night"))
    with Store.open(home / "localai.db") as store:
        assert store.info()["check"] == "ok"
        assert len(store.path(store.conversation(here).leaf)) == 2


def test_results_are_few_and_short(home: Path) -> None:
    with Store.open(home / "localai.db") as store:
        for number in range(30):
            tree = store.create_conversation(f"{number} " + "long title " * 99).id
            store.add_message(tree, "", user("zebra " * 2000))
    assert ask(home, "zebra", 2).text.count("the user said") == 2
    assert 1 < ask(home, "zebra", 99).text.count("the user said") < 20
    assert len(ask(home, "zebra", 99).text) < 5_000


@pytest.mark.parametrize(
    "query",
    ['"train" OR (', "train NEAR(", "train AND -x", "train*^", "{train} '; --", "text: train"],
)
def test_what_looks_like_syntax_is_words(home: Path, query: str) -> None:
    outcome = ask(home, query)
    assert isinstance(outcome, Ok)
    assert "night train" in outcome.text


def test_what_cannot_be_answered_is_a_sentence(home: Path) -> None:
    assert refused(home, " ?! ") == "query must hold a word to search for."
    assert refused(home, "train", 0) == "limit must be 1 or more."
    untold = sandbox.run(search_chats, {"query": "train"})
    assert untold.text == "search_chats was not told where the conversations are kept."


def test_it_changes_nothing_of_an_old_or_a_damaged_history(home: Path) -> None:
    file = home / "localai.db"
    connection = sqlite.connect(str(file))
    connection.execute("PRAGMA user_version=1")
    connection.close()
    assert "is of an older localai" in refused(home, "train")
    file.write_bytes(b"nonsense" * 1000)
    assert "is damaged" in refused(home, "train")
    assert file.read_bytes() == b"nonsense" * 1000
