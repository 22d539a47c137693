"""Messages as a tree: parents, siblings, leaves."""

from __future__ import annotations

import pytest

from localai.conversation import Message, Reasoning, Text, ToolCall, ToolResult, assistant, user
from localai.errors import StoreDamaged, StoreError
from localai.store.rows import Origin
from localai.store.store import Store


def test_a_message_is_read_back_as_it_was_said(store: Store) -> None:
    tree = store.create_conversation().id
    said = Message(
        "assistant",
        (
            Reasoning("let me see"),
            ToolCall("1", "clock", {"zone": "UTC", "deep": [1, None, {"ä": 2.5}]}),
            ToolResult("1", "12:00"),
            Text("Noon\x1b[31m"),
            Text("."),
        ),
        ids=(1, -1, 2**31 - 1),
        vocab="v",
        learn=False,
    )
    origin = Origin(
        "m", "/m.gguf", "a", "v", {"seed": 3, "top_p": 0.5, "x": None}, "steps", (7,), 2
    )
    added = store.add_message(tree, "", said, origin=origin)
    assert added.message == said
    assert added.origin == origin
    assert store.message(added.id) == added


def test_the_path_leads_from_the_root_to_the_leaf(store: Store) -> None:
    tree = store.create_conversation().id
    first = store.add_message(tree, "", user("a"))
    second = store.add_message(tree, first.id, assistant("b"))
    other = store.add_message(tree, first.id, assistant("c"))
    third = store.add_message(tree, second.id, user("d"))
    assert [m.message.text for m in store.path(third.id)] == ["a", "b", "d"]
    assert [m.message.text for m in store.path(other.id)] == ["a", "c"]
    assert store.path("") == ()
    assert store.path(third.id)[1].siblings == (second.id, other.id)
    assert store.message(other.id).siblings == (second.id, other.id)


def test_siblings_have_the_same_role_and_conversation(store: Store) -> None:
    tree, elsewhere = store.create_conversation().id, store.create_conversation().id
    one = store.add_message(tree, "", user("a"))
    note = store.add_message(tree, "", Message("system", (Text("s"),)))
    store.add_message(elsewhere, "", user("b"))
    two = store.add_message(tree, "", user("c"))
    assert store.message(one.id).siblings == (one.id, two.id)
    assert store.message(note.id).siblings == (note.id,)


def test_the_leaf_follows_what_is_added_and_can_be_set(store: Store) -> None:
    tree = store.create_conversation().id
    first = store.add_message(tree, "", user("a"))
    second = store.add_message(tree, first.id, assistant("b"))
    assert (store.conversation(tree).leaf, store.conversation(tree).messages) == (second.id, 2)
    store.set_leaf(tree, first.id)
    assert (store.conversation(tree).leaf, store.conversation(tree).messages) == (first.id, 1)
    store.set_leaf(tree, "")
    assert (store.conversation(tree).leaf, store.conversation(tree).messages) == ("", 0)


def test_the_path_leaves_prompts_out_and_message_has_them(store: Store) -> None:
    tree = store.create_conversation().id
    question = store.add_message(tree, "", user("a"))
    answer = store.begin_answer(tree, question.id, Origin("m", prompt=(1, 2, 3)))
    assert store.path(answer.id)[1].origin == Origin("m")
    assert store.message(answer.id).origin == Origin("m", prompt=(1, 2, 3))


def test_places_that_are_not_there_are_refused(store: Store) -> None:
    tree, elsewhere = store.create_conversation().id, store.create_conversation().id
    first = store.add_message(tree, "", user("a"))
    with pytest.raises(StoreError, match="not there any more"):
        store.add_message(tree, "nowhere", user("b"))
    with pytest.raises(StoreError, match="not there any more"):
        store.add_message(elsewhere, first.id, user("b"))
    with pytest.raises(StoreError, match="not there any more"):
        store.add_message("nowhere", "", user("b"))
    with pytest.raises(StoreError, match="not there any more"):
        store.set_leaf(elsewhere, first.id)
    with pytest.raises(StoreError, match="not there any more"):
        store.path("nowhere")
    with pytest.raises(StoreError, match="not there any more"):
        store.message("nowhere")
    assert store.conversation(elsewhere).leaf == ""


def test_text_that_is_no_text_is_refused_and_nothing_else_is_lost(store: Store) -> None:
    tree = store.create_conversation().id
    first = store.add_message(tree, "", user("a"))
    with pytest.raises(StoreError, match="no characters"):
        store.add_message(tree, first.id, user("half \udcff"))
    with pytest.raises(StoreError, match="no characters"):
        store.flush_answer(first.id, (Reasoning("\ud800"), Text("")))
    assert store.conversation(tree).leaf == first.id


def test_a_broken_chain_of_parents_is_damage(store: Store) -> None:
    tree = store.create_conversation().id
    first = store.add_message(tree, "", user("a"))
    second = store.add_message(tree, first.id, assistant("b"))
    store._db.connection.execute("UPDATE messages SET depth = 7 WHERE id = ?", (second.id,))
    with pytest.raises(StoreDamaged, match="broken"):
        store.path(second.id)


def test_a_row_that_nobody_wrote_is_damage(store: Store) -> None:
    tree = store.create_conversation().id
    first = store.add_message(tree, "", user("a"))
    for change in ("role = 'oracle'", "parts = '[{'", "ids = x'01'", "text = cast(x'ff' AS TEXT)"):
        store._db.connection.execute("BEGIN")
        store._db.connection.execute(f"UPDATE messages SET {change} WHERE id = ?", (first.id,))
        with pytest.raises(StoreDamaged, match="damaged"):
            store.path(first.id)
        store._db.connection.execute("ROLLBACK")
    assert store.path(first.id) == (first,)
