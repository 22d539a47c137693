"""The dialogues that come along: sound, varied, never asked by the gate, learned where needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai.catalog import Catalog
from localai.errors import UsageError
from localai.lessons import shipped
from localai.lessons.lesson import accepted, read
from localai.store.store import Store

DIALOGUES = shipped.dialogues(shipped.DIALOGUE)


def test_each_dialogue_is_asked_and_answered_in_turn() -> None:
    assert 150 <= len(DIALOGUES) <= 250
    for talk in DIALOGUES:
        roles = [message.role for message in talk]
        assert roles == ["user", "assistant"] * (len(talk) // 2)
        assert all(message.text == message.text.strip() != "" for message in talk)
        assert all(len(message.text) < 250 for message in talk)
    assert sum(len(talk) > 2 for talk in DIALOGUES) >= 15


def test_nothing_is_asked_twice() -> None:
    asked = [talk[-2].text for talk in DIALOGUES if len(talk) == 2]
    assert len(set(asked)) == len(asked)
    assert len(set(DIALOGUES)) == len(DIALOGUES)


def test_taken_in_they_are_accepted_and_can_all_be_read(store: Store) -> None:
    assert shipped.add(store, shipped.DIALOGUE) == len(DIALOGUES)
    found = [read(store, each) for each in accepted(store, shipped.DIALOGUE)]
    talks = [tuple(m.text for m in each.tell(each.question)) for each in found]
    assert talks == [tuple(m.text for m in talk) for talk in DIALOGUES]
    assert accepted(store, shipped.DIALOGUE)
    with pytest.raises(UsageError, match="there already"):
        shipped.add(store, shipped.DIALOGUE)


def test_a_set_that_does_not_come_along_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="there is: dialogue"):
        shipped.add(store, "../dialogue")


def test_a_model_without_a_template_learns_to_talk_in_every_tune(
    store: Store, tiny_model: Callable[[str], Path]
) -> None:
    bare, plain = (Catalog().resolve(str(tiny_model(kind))) for kind in ("bare", "plain"))
    assert shipped.along(store, bare, "") == ()
    shipped.add(store, shipped.DIALOGUE)
    assert shipped.along(store, bare, "") == accepted(store, shipped.DIALOGUE)
    assert len(shipped.along(store, bare, "pirate")) == len(DIALOGUES)
    assert shipped.along(store, bare, shipped.DIALOGUE) == ()
    assert shipped.along(store, plain, "") == ()
