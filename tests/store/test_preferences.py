"""Votes between two answers: kept with their names, gone with what they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.conversation import Completion, Message, ToolCall, ToolResult, assistant, user
from localai.errors import StoreError
from localai.store.rows import Origin, StoredMessage
from localai.store.store import Store
from localai.store.upkeep import restoring


def asked(store: Store) -> tuple[str, StoredMessage]:
    talk = store.create_conversation("Sums").id
    return talk, store.add_message(talk, "", user("2 + 2?"))


def answered(store: Store, talk: str, parent: str, text: str) -> str:
    row = store.begin_answer(talk, parent, Origin("m"))
    return store.finish_answer(row.id, assistant(text), Completion("stop"), "done").id


def pair(store: Store) -> tuple[str, str, str]:
    talk, question = asked(store)
    four, five = (answered(store, talk, question.id, text) for text in ("4", "5"))
    return talk, four, five


def test_a_vote_is_kept_with_both_answers_and_their_question(store: Store) -> None:
    talk, four, five = pair(store)
    made = store.add_preference(four, five, "styles", ("direct", "steps"), "left")
    assert store.preferences() == (made,)
    assert made.question == store.message(four).parent
    assert (made.left, made.right, made.vote, made.blind) == (four, five, "left", False)
    assert store.conversation(talk).leaf == five


def test_adapters_are_called_by_the_names_that_they_have_now(store: Store) -> None:
    _, four, five = pair(store)
    tuned = store.add_adapter(base="b", base_bytes=1, file="/a.gguf", sha256="s")
    made = store.add_preference(four, five, "adapters", ("base", tuned.id), "equal", blind=True)
    assert (made.left_by, made.right_by, made.blind) == ("base", "tuned-1", True)
    store.rename_adapter(tuned.id, "pirate")
    assert store.preferences()[0].right_by == "pirate"
    store.remove_adapter(tuned)
    assert store.preferences()[0].right_by == "a deleted adapter"


def test_an_answer_by_way_of_calls_answers_the_question_before_them(store: Store) -> None:
    talk, question = asked(store)
    call = Message("assistant", (ToolCall("1", "calculator", {}),))
    called = store.add_message(talk, question.id, call)
    result = store.add_message(talk, called.id, Message("tool", (ToolResult("1", "4"),)))
    four, five = (answered(store, talk, result.id, "4"), answered(store, talk, question.id, "5"))
    made = store.add_preference(four, five, "styles", ("direct", "steps"), "bad")
    assert made.question == question.id


def test_only_answers_to_one_question_are_compared(store: Store) -> None:
    _, four, five = pair(store)
    _, other, _ = pair(store)
    question = store.message(four).parent
    for left, right in ((four, other), (four, four), (question, five)):
        with pytest.raises(StoreError, match="same question"):
            store.add_preference(left, right, "styles", ("direct", "steps"), "left")
    assert store.preferences() == ()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_vote_is_forgotten_with_any_of_its_messages(store: Store, which: int) -> None:
    _, four, five = pair(store)
    store.add_preference(four, five, "styles", ("direct", "steps"), "left")
    gone = (store.message(four).parent, four, five)[which]
    store.forget(store.scope((), (gone,)))
    assert store.preferences() == ()


def test_a_merged_backup_brings_its_votes(tmp_path: Path) -> None:
    with Store.open(tmp_path / "there" / "localai.db") as there:
        _, four, five = pair(there)
        made = there.add_preference(four, five, "styles", ("direct", "steps"), "left")
        there.write_backup(tmp_path / "backup.tar")
    with Store.open(tmp_path / "here" / "localai.db") as here:
        with restoring.candidate(tmp_path / "backup.tar", tmp_path / "here") as found:
            here.merge(found)
            here.merge(found)
        assert here.preferences() == (made,)
