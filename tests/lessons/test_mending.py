"""An example's answer is changed without moving its conversation."""

from __future__ import annotations

from localai.conversation import assistant, user
from localai.lessons.mending import mend
from localai.store.rows import Origin
from localai.store.store import Store


def test_a_good_answer_becomes_a_correction_and_the_talk_goes_on_as_before(store: Store) -> None:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("Who are you?"))
    row = store.begin_answer(tree, asked.id, Origin("m"))
    said = store.finish_answer(row.id, assistant("A pirate."), None, "done")
    store.mark(said.id, "good")
    later = store.add_message(tree, said.id, user("Really?"))
    made = mend(store, store.examples()[0], "A pirate, arr.")
    assert made.rejected == said.id
    assert store.verdicts([said.id]) == {}
    assert store.conversation(tree).leaf == later.id
    assert [each.id for each in store.examples()] == [made.id]


def test_where_the_answer_was_the_last_word_the_better_one_is(store: Store) -> None:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("Who are you?"))
    row = store.begin_answer(tree, asked.id, Origin("m"))
    said = store.finish_answer(row.id, assistant("A pirate."), None, "done")
    first = store.add_correction(said.id, "A captain.")
    second = mend(store, store.example(first.id), "The captain.")
    assert store.conversation(tree).leaf == second.chosen
    assert [each.answer for each in store.examples()] == ["The captain."]
