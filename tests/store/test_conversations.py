"""The list of conversations: order, lookup by part of an id, delete, undo, purge."""

from __future__ import annotations

import pytest

from localai.conversation import assistant, user
from localai.errors import StoreError
from localai.store.rows import Origin
from localai.store.store import Store


def test_the_most_recently_used_comes_first(store: Store) -> None:
    assert store.latest() is None
    first, second = store.create_conversation("a"), store.create_conversation("b", "Be brief.")
    assert store.conversations() == (second, first)
    store.add_message(first.id, "", user("hi"))
    assert [c.id for c in store.conversations()] == [first.id, second.id]
    assert [c.id for c in store.conversations(limit=1, offset=1)] == [second.id]
    assert store.latest() == store.conversation(first.id)
    assert store.conversation(second.id).system == "Be brief."


def test_an_id_may_be_shortened_while_it_is_clear(store: Store) -> None:
    one, other = store.create_conversation("a"), store.create_conversation("b")
    db = store._db.connection
    db.execute("UPDATE conversations SET id = '01ABCXYZ' WHERE id = ?", (one.id,))
    db.execute("UPDATE conversations SET id = '01ABD_YZ' WHERE id = ?", (other.id,))
    assert store.conversation("01ABC").title == "a"
    assert store.conversation("01abd").title == "b"
    assert store.conversation("xyz").title == "a"
    assert store.conversation(" 01ABCXYZ ").title == "a"
    for unclear in ("01AB", "YZ", "0"):
        with pytest.raises(StoreError, match="More than one"):
            store.conversation(unclear)
    for unknown in ("", "02", "01ABCXYZ0", "%", "_YZ%"):
        with pytest.raises(StoreError, match="no conversation"):
            store.conversation(unknown)


def test_a_whole_id_wins_over_longer_ones(store: Store) -> None:
    one, other = store.create_conversation("a"), store.create_conversation("b")
    db = store._db.connection
    db.execute("UPDATE conversations SET id = 'AA' WHERE id = ?", (one.id,))
    db.execute("UPDATE conversations SET id = 'AAA' WHERE id = ?", (other.id,))
    assert store.conversation("aa").title == "a"


def test_rename_and_the_title_index(store: Store) -> None:
    made = store.create_conversation("Lisbon trip")
    store.rename(made.id, "Porto trip")
    assert store.conversation(made.id).title == "Porto trip"
    assert store.conversations(query="lisbon") == ()
    assert len(store.conversations(query="porto")) == 1


def test_delete_can_be_undone(store: Store) -> None:
    made = store.create_conversation("a")
    store.add_message(made.id, "", user("zebra"))
    store.delete(made.id)
    assert store.conversations() == ()
    assert store.latest() is None
    assert store.search("zebra") == ()
    assert [c.id for c in store.conversations(deleted=True)] == [made.id]
    assert store.conversation(made.id).deleted
    store.undelete(made.id)
    assert [c.deleted for c in store.conversations()] == [False]
    assert len(store.search("zebra")) == 1


def test_purge_leaves_no_row_behind(store: Store) -> None:
    kept = store.create_conversation("kept")
    store.add_message(kept.id, "", user("kept"))
    made = store.create_conversation("secret")
    leaf = ""
    for number in range(1200):
        leaf = store.add_message(made.id, leaf, user(f"secret {number}")).id
    answer = store.begin_answer(made.id, leaf, Origin("m", prompt=(1, 2)))
    store.flush_answer(answer.id, assistant("secret").parts)
    store.purge(made.id)
    db = store._db.connection
    tables = ("conversations", "messages", "prompts")
    counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    assert counts == [1, 1, 0]
    assert store.search("secret") == ()
    assert store.conversations(query="secret") == ()
    db.execute("INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)")
    store.purge(made.id)


def test_what_is_gone_cannot_be_changed(store: Store) -> None:
    made = store.create_conversation("a")
    store.purge(made.id)
    with pytest.raises(StoreError, match="another window"):
        store.rename(made.id, "b")
    with pytest.raises(StoreError, match="another window"):
        store.delete(made.id)
    with pytest.raises(StoreError, match="another window"):
        store.undelete(made.id)
