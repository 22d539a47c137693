"""Other words for a question: kept once, dropped and taken back, gone with what they are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.conversation import assistant, user
from localai.errors import StoreError
from localai.store.store import Store
from localai.store.tuning import Rewrites
from localai.store.upkeep import restoring
from tests.store.test_corrections import ask

WHICH, KNOW = "Which city is the capital of France?", "Do you know the capital of France?"


def test_words_belong_to_the_question_whichever_answer_names_it(store: Store) -> None:
    said = ask(store)
    assert store.rewrites(said.id) is None
    first = store.add_correction(said.id, "Pariss.")
    found = store.put_rewrites(first.chosen, (WHICH, WHICH, KNOW))
    assert found == Rewrites((WHICH, KNOW)) == store.rewrites(said.id)
    second = store.add_correction(first.chosen, "Paris.")
    assert store.rewrites(second.chosen) == found


def test_that_nothing_was_found_is_known(store: Store) -> None:
    said = ask(store)
    store.put_rewrites(said.id, ())
    assert store.rewrites(said.id) == Rewrites()


def test_what_is_dropped_is_not_kept_again_unless_it_is_taken_back(store: Store) -> None:
    said = ask(store)
    store.put_rewrites(said.id, (WHICH, KNOW))
    assert store.drop_rewrite(said.id, WHICH) == Rewrites((KNOW,), (WHICH,))
    assert store.put_rewrites(said.id, (WHICH,)) == Rewrites((), (WHICH,))
    assert store.drop_rewrite(said.id, WHICH) == Rewrites((WHICH,)) == store.rewrites(said.id)
    with pytest.raises(StoreError, match="not there any more"):
        store.drop_rewrite(said.id, "What?")


def test_what_cannot_be_read_is_found_again(store: Store) -> None:
    said = ask(store)
    store.put_rewrites(said.id, (WHICH,))
    with store._db.write() as db:
        db.execute("UPDATE rewrites SET kept = '[1'")
    assert store.rewrites(said.id) is None
    assert store.put_rewrites(said.id, (WHICH,)) == store.rewrites(said.id) == Rewrites((WHICH,))


def test_they_stay_with_a_question_whose_dialogue_is_edited(store: Store) -> None:
    question, answer = user("What is the capital of Zubrowka?"), assistant("Lutz.")
    example = store.write_example((question, answer))
    store.put_rewrites(store.example(example).leaf, (WHICH,))
    store.drop_rewrite(store.example(example).leaf, WHICH)
    edited = store.rewrite_example(example, (question, assistant("It is Lutz.")))
    assert store.rewrites(store.example(edited).leaf) == Rewrites((), (WHICH,))
    other = store.rewrite_example(edited, (user("What is that of Lutz?"), answer))
    assert store.rewrites(store.example(other).leaf) is None


def test_they_are_forgotten_with_the_question(store: Store) -> None:
    said = ask(store)
    store.put_rewrites(store.add_correction(said.id, "Paris.").chosen, (WHICH,))
    store.forget(store.scope(conversations=(said.conversation,)))
    assert left(store) == 0


def test_they_are_forgotten_with_the_correction_though_the_question_stays(store: Store) -> None:
    said, other = ask(store), ask(store)
    made = store.add_correction(said.id, "Paris.")
    for each in (made.chosen, store.add_correction(other.id, "Paris.").chosen):
        store.put_rewrites(each, (WHICH,))
    store.forget(store.scope(messages=(made.chosen,)))
    assert store.message(said.parent).message.text.startswith("What")
    assert store.rewrites(said.id) is None
    assert store.rewrites(other.id) == Rewrites((WHICH,))


def test_a_backup_brings_them_along(store: Store, file: Path) -> None:
    said = ask(store)
    store.put_rewrites(store.add_correction(said.id, "Paris.").chosen, (WHICH,))
    store.drop_rewrite(said.id, WHICH)
    backup = file.parent.parent / "one.tar"  # out of reach of forgetting
    store.write_backup(backup)
    store.forget(store.scope(conversations=(said.conversation,)))
    for _ in range(2):  # the second time it is all there
        with restoring.candidate(backup, file.parent) as found:
            store.merge(found)
        assert store.rewrites(said.id) == Rewrites((), (WHICH,))


def left(store: Store) -> int:
    with store._db.read() as db:
        number: int = db.execute("SELECT count(*) FROM rewrites").fetchone()[0]
    return number
