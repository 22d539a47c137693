"""Forgetting where forks share messages: what goes with what, what stays, and no trace."""

from __future__ import annotations

from pathlib import Path

from localai.conversation import assistant, user
from localai.store.store import Store
from tests.faults import store_canaries
from tests.store.upkeep.test_forgetting import talk


def test_what_was_said_in_forks_goes_with_what_it_follows(store: Store) -> None:
    tree, ids = talk(store, "a", "b", "c", "d")
    early, late = store.fork(tree, ids[1]).id, store.fork(tree, ids[3]).id
    own = [
        store.add_message(fork, at, user("own")).id
        for fork, at in ((early, ids[1]), (late, ids[3]))
    ]
    scope = store.scope(messages=(ids[2],))
    assert (scope.messages, scope.conversations) == ((ids[2], ids[3], own[1]), ())
    assert (scope.forks, scope.shared) == ((late,), ())
    store.forget(scope)
    found = store.conversation(late)
    assert (found.leaf, found.fork, found.title) == (ids[1], ids[1], "a (3)")
    assert store.conversation(early).leaf == own[0]
    scope = store.scope(messages=(ids[0],))
    assert (scope.conversations, scope.forks) == ((tree, early, late), ())
    store.forget(scope)
    assert store.conversations() == ()
    assert store.info()["messages"] == 0


def test_a_fork_is_forgotten_without_what_it_shares(store: Store) -> None:
    tree, ids = talk(store, "a", "b")
    fork = store.fork(tree, ids[1]).id
    own = store.add_message(fork, ids[1], user("own")).id
    second = store.fork(fork, own).id
    last = store.add_message(second, own, assistant("last")).id
    scope = store.scope((fork,))
    assert (scope.messages, scope.conversations) == ((own, last), (fork,))
    assert (scope.shared, scope.forks) == (tuple(ids), (second,))
    store.forget(scope)
    assert [found.id for found in store.conversations()] == [second, tree]
    assert store.conversation(second).leaf == ids[1] == store.conversation(second).fork
    assert [each.id for each in store.path(store.conversation(tree).leaf)] == ids


def test_no_byte_is_left_of_what_forks_share(store: Store, home: Path) -> None:
    words = store_canaries.canaries(2, 3)
    word = words[0].word
    tree, kept = (store_canaries.plant(store, each, 3) for each in words)
    way = store.path(store.conversation(tree).leaf)
    fork = store.fork(tree, way[-2].id).id
    store.add_message(fork, way[-2].id, user(f"more of {word}"))
    # These go on without what they shared, and their titles are made of that.
    plain, ids = talk(store, f"about {word}", "yes")
    other = store.fork(plain, ids[1]).id
    stays = store.add_message(other, "", user("something else")).id
    third = store.fork(other, stays).id
    store_canaries.surround(store, home, words[0])
    assert word in store.conversation(third).title
    scope = store.scope((tree, plain))
    assert (scope.conversations, scope.forks) == ((tree, plain, fork), (other,))
    store.forget(scope)
    assert store_canaries.found(home, words[:1]) == []
    assert {found.id for found in store.conversations()} == {kept, other, third}
    assert store.conversation(other).leaf == store.conversation(third).leaf == stays
    assert store.info()["check"] == "ok"
    assert store._db.connection.execute("PRAGMA foreign_key_check").fetchall() == []
