"""Merging backups with forks into histories that have more or less of what they share."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from localai.conversation import assistant, user
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.tree import Tree
from localai.store.upkeep import restoring
from localai.store.upkeep.merging import Merged
from tests.port.test_lossless import build, plans


def add(store: Store, talk: str, parent: str, text: str, prompt: tuple[int, ...] = ()) -> str:
    """A question, or an answer that was made from a prompt."""
    if not prompt:
        return store.add_message(talk, parent, user(text)).id
    row = store.begin_answer(talk, parent, Origin("m", prompt=prompt))
    return store.finish_answer(row.id, assistant(text), None, "done").id


def merge(store: Store, backup: Path, home: Path) -> Merged:
    with restoring.candidate(backup, home) as found:
        return store.merge(found)


def texts(store: Store, talk: str) -> list[str]:
    leaf = store.conversation(talk).leaf
    return [each.message.text for each in store.path(leaf, talk)]


def whole(store: Store, talk: str) -> Tree:
    """All of a conversation, in an order that does not depend on when it came in."""
    tree = store.tree(talk)
    assert tree is not None
    return replace(tree, messages=tuple(sorted(tree.messages, key=lambda each: each.id)))


def sound(store: Store) -> bool:
    db = store._db.connection
    return store.info()["check"] == "ok" and not db.execute("PRAGMA foreign_key_check").fetchall()


def test_a_fork_brings_what_it_shares_and_is_not_here(store: Store, home: Path) -> None:
    talk = store.create_conversation("Trains").id
    first = add(store, talk, "", "q1")
    one = add(store, talk, first, "a1", (1, 2))
    store.write_backup(home / "short.tar")
    second = add(store, talk, one, "q2")
    two = add(store, talk, second, "a2", (1, 2, 3))
    better = store.add_correction(two, "better").chosen
    fork = store.fork(talk, better).id
    last = add(store, fork, add(store, fork, better, "q3"), "a3", (1, 2, 3, 4))
    store.write_backup(home / "long.tar")
    both = ["q1", "a1", "q2", "better"]
    for order, kept, added in ((("short", "long"), both[:2], 7), (("long", "short"), both, 7)):
        with TemporaryDirectory() as folder, Store.open(Path(folder, "localai.db")) as other:
            done = [merge(other, home / f"{name}.tar", Path(folder)) for name in order]
            assert sum(each.messages for each in done) == added
            assert len(other.corrections()) == 1
            assert texts(other, fork) == [*both, "q3", "a3"]
            assert texts(other, talk) == kept
            assert merge(other, home / "long.tar", Path(folder)) == Merged(0, 0, 2)
            assert sound(other)
            origin = other.message(last).origin
            assert origin is not None
            assert origin.prompt == (1, 2, 3, 4)


def test_an_original_that_was_purged_comes_back_whole(store: Store, home: Path) -> None:
    talk = store.create_conversation("Trains").id
    one = add(store, talk, add(store, talk, "", "q1"), "a1", (1, 2))
    add(store, talk, one, "q2")
    better = store.add_correction(one, "better").chosen
    fork = store.fork(talk, better).id
    add(store, fork, better, "q3")
    store.write_backup(home / "whole.tar")
    before = whole(store, talk), whole(store, fork)
    store.purge(talk)
    assert len(store.corrections()) == 1
    assert merge(store, home / "whole.tar", home) == Merged(1, 1, 1)
    assert (whole(store, talk), whole(store, fork)) == before
    assert sound(store)


def test_what_a_fork_kept_elsewhere_is_not_taken_from_its_original(
    store: Store, home: Path
) -> None:
    talk = store.create_conversation("Trains").id
    one = add(store, talk, add(store, talk, "", "q1"), "a1", (1, 2))
    store.write_backup(home / "original.tar")
    fork = store.fork(talk, one).id
    add(store, fork, one, "q3")
    store.purge(talk)
    store.write_backup(home / "fork.tar")
    with TemporaryDirectory() as folder, Store.open(Path(folder, "localai.db")) as other:
        merge(other, home / "original.tar", Path(folder))
        assert merge(other, home / "fork.tar", Path(folder)) == Merged(1, 1, 0)
        assert (texts(other, talk), texts(other, fork)) == (["q1", "a1"], ["q1", "a1", "q3"])
        assert other.message(one).conversation == talk
        assert sound(other)


@settings(max_examples=15, deadline=None)
@given(plans, st.integers(0, 1 << 30))
def test_backups_are_merged_in_any_order(plan: list[Any], seed: int) -> None:
    chance = random.Random(seed)
    with TemporaryDirectory() as folder, Store.memory() as one:
        build(one, plan)
        ids = one.conversation_ids()
        files = []
        for number in range(2):
            for talk in chance.sample(ids, len(ids) // 3):
                one.purge(talk)
            files.append(Path(folder, f"{number}.db"))
            one._db.connection.execute("VACUUM INTO ?", (str(files[-1]),))
        chance.shuffle(files)
        with Store.open(Path(folder, "localai.db")) as other:
            for file in files:
                with Store.open(file) as part:
                    there = {row.id for row in other.conversations()}
                    new = [row for row in part.conversations() if row.id not in there]
                    expected = [[each.id for each in part.path(row.leaf, row.id)] for row in new]
                merge(other, file, Path(folder))
                assert [
                    [each.id for each in other.path(other.conversation(row.id).leaf, row.id)]
                    for row in new
                ] == expected
                assert sound(other)
                assert merge(other, file, Path(folder)).messages == 0
            for row in other.conversations():
                for each in other.path(row.leaf, row.id):
                    assert other.message(each.id).id in each.siblings
