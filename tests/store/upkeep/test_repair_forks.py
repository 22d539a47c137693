"""Repairing a history with forks: each keeps what is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.conversation import assistant, user
from localai.store.driver import sqlite
from localai.store.store import Store
from localai.store.upkeep.repair import repair

Ids = dict[str, str]


@pytest.fixture
def ids(home: Path) -> Ids:
    """A question and an answer, a fork that goes on from there, one that does not."""
    with Store.open(home / "localai.db") as store:
        talk = store.create_conversation("Trains").id
        asked = store.add_message(talk, "", user("q")).id
        answered = store.add_message(talk, asked, assistant("a")).id
        fork, bare = (store.fork(talk, answered).id for _ in range(2))
        own = store.add_message(fork, answered, user("own")).id
        last = store.add_message(fork, own, assistant("last")).id
    return {"talk": talk, "a": answered, "fork": fork, "bare": bare, "own": own, "last": last}


def shown(store: Store) -> dict[str, list[str]]:
    """The texts of each conversation."""
    return {
        row.id: [each.message.text for each in store.path(row.leaf, row.id)]
        for row in store.conversations()
    }


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM conversations WHERE id = :fork",
        "DELETE FROM conversations WHERE id = :talk",
        "UPDATE messages SET conversation = '7' || substr(conversation, 2) WHERE id = :own",
        "UPDATE messages SET conversation = '7' || substr(conversation, 2) WHERE id = :last",
        "UPDATE conversations SET fork = '7' || substr(fork, 2) WHERE id IN (:fork, :bare)",
        "UPDATE conversations SET leaf = '7' || substr(leaf, 2) WHERE id IN (:fork, :bare)",
    ],
)
def test_what_is_a_forks_stays_with_it(home: Path, ids: Ids, damage: str) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        before = shown(store)
    db = sqlite.connect(str(path), isolation_level=None)
    db.execute(damage, ids)
    db.close()
    broken(path)
    assert repair(path) is not None
    with Store.open(path) as store:
        assert shown(store) == before
        assert store.conversation(ids["fork"]).fork == ids["a"]
        assert store.conversation(ids["bare"]).fork == ids["a"]
        assert store.message(ids["own"]).conversation == ids["fork"]
        assert store.path(ids["a"], ids["talk"])[-1].siblings == (ids["a"],)


def broken(path: Path) -> None:
    """Take the file's head away, so that all of it is read from its pages."""
    content = path.read_bytes()
    path.write_bytes(b"\xff" * 4096 + content[4096:])
