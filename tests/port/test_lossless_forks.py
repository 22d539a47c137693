"""Our own document with forks: each conversation alone can be taken in anywhere."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localai.port.preview import Preview
from localai.port.reading import Import
from localai.store.store import Store
from tests.port.test_lossless import build, export, plans, trees


def shown(store: Store, talk: str) -> list[Any]:
    """What a conversation shows, and what was written in it."""
    row = store.conversation(talk)
    path = store.path(row.leaf, talk)
    return [row.title, row.leaf, row.fork, [(each.id, each.siblings) for each in path]]


@settings(max_examples=40, deadline=None)
@given(plans, st.randoms())
def test_a_conversation_alone_can_be_taken_in_anywhere(plan: list[Any], chance: Any) -> None:
    with Store.memory() as one, Store.memory() as other, TemporaryDirectory() as folder:
        build(one, plan)
        every = list(one.conversation_ids())
        chance.shuffle(every)
        before, whole = trees(one), export(one, Path(folder, "whole"))
        for talk in every:
            alone = export(one, Path(folder, talk), talk)
            fresh = other.tree(talk) is None
            assert Import(one).run(alone).messages == 0
            assert Import(Preview(other)).run(alone).skipped == {}
            assert Import(other, trust=True).run(alone).skipped == {}
            if fresh:
                assert shown(other, talk) == shown(one, talk)
        assert trees(one) == before
        Import(other, trust=True).run(whole)
        for talk in every:
            mine, there = one.tree(talk), other.tree(talk)
            assert mine is not None
            assert there is not None
            assert there.fork == mine.fork
            assert sorted(there.messages, key=by_id) == sorted(mine.messages, key=by_id)
            assert sorted(there.corrections, key=by_id) == sorted(mine.corrections, key=by_id)


def by_id(each: Any) -> str:
    found: str = each.id
    return found
