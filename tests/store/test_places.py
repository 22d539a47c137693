"""Where a message stands: a way that leads past it, and finding it by a part of its id."""

from __future__ import annotations

import pytest

from localai.conversation import assistant, user
from localai.errors import StoreError
from localai.store.store import Store


@pytest.fixture
def tree(store: Store) -> dict[str, str]:
    """A question with two answers, each gone on from; the second one's way is the present."""
    talk = store.create_conversation().id
    ids = {"talk": talk, "question": store.add_message(talk, "", user("q")).id}
    for name in ("first", "second"):
        ids[name] = store.add_message(talk, ids["question"], assistant(name)).id
        ids[f"{name} leaf"] = store.add_message(talk, ids[name], user("more")).id
    return ids


def test_the_present_way_is_kept_where_it_can_be(store: Store, tree: dict[str, str]) -> None:
    for name in ("question", "second", "second leaf"):
        assert store.leaf_through(tree[name]) == tree["second leaf"]
    for name in ("first", "first leaf"):
        assert store.leaf_through(tree[name]) == tree["first leaf"]


def test_a_left_way_leads_to_what_is_newest(store: Store, tree: dict[str, str]) -> None:
    newest = store.add_message(tree["talk"], tree["first"], user("still more")).id
    store.set_leaf(tree["talk"], tree["second leaf"])
    assert store.leaf_through(tree["first"]) == newest
    assert store.leaf_through(tree["first leaf"]) == tree["first leaf"]
    store.set_leaf(tree["talk"], "")
    assert store.leaf_through(tree["question"]) == tree["second leaf"]


def test_a_message_is_found_by_either_end_of_its_id(store: Store, tree: dict[str, str]) -> None:
    wanted = tree["first"]
    for part in (wanted, wanted.lower(), wanted[-6:], f" {wanted[-8:].lower()} "):
        assert store.message_id(tree["talk"], part) == wanted
    with pytest.raises(StoreError, match="More than one message"):
        store.message_id(tree["talk"], wanted[:3])
    other = store.create_conversation().id
    for talk, part in ((tree["talk"], "nope"), (tree["talk"], ""), (other, wanted)):
        with pytest.raises(StoreError, match="has no message"):
            store.message_id(talk, part)


def test_a_message_that_is_gone(store: Store) -> None:
    with pytest.raises(StoreError, match="not there any more"):
        store.leaf_through("nope")
