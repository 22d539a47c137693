"""Corrections: recorded beside the answer, edited again, taken back, gone with their talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.conversation import Message, Text, assistant, user
from localai.errors import StoreError
from localai.store.authoring import Mark
from localai.store.rows import Origin, StoredMessage
from localai.store.store import Store


def ask(store: Store, answer: str = "Lyon.") -> StoredMessage:
    """A question with a finished answer of a model."""
    tree = store.create_conversation().id
    question = store.add_message(tree, "", user("What is the capital of France?"))
    begun = store.begin_answer(tree, question.id, Origin("m", prompt=(1, 2)))
    return store.finish_answer(begun.id, assistant(answer, "Let me see."), None, "done")


def test_a_correction_stands_beside_the_answer_and_is_gone_on_from(store: Store) -> None:
    said = ask(store)
    made = store.add_correction(said.id, "Paris.")
    chosen = store.message(made.chosen)
    assert chosen.message == Message("assistant", (Text("Paris."),), learn=True)
    assert (chosen.parent, chosen.status, chosen.origin) == (said.parent, "done", None)
    assert chosen.siblings == (said.id, chosen.id)
    assert store.conversation(said.conversation).leaf == chosen.id
    assert (made.rejected, made.state, made.conversation) == (
        said.id,
        "accepted",
        said.conversation,
    )
    assert store.corrections() == (made,)
    assert store.correction_for(chosen.id) == made
    assert store.correction_for(said.id) is None
    assert store.message(said.id).message == said.message
    assert [hit.message for hit in store.search("paris")] == [chosen.id]


def test_a_correction_edited_again_still_rejects_what_the_model_said(store: Store) -> None:
    said = ask(store)
    first = store.add_correction(said.id, "Pariss.")
    second = store.add_correction(first.chosen, "Paris.")
    assert (second.rejected, second.state) == (said.id, "accepted")
    assert store.corrections() == (second,)
    (replaced,) = store.corrections(state="replaced")
    assert (replaced.id, replaced.chosen) == (first.id, first.chosen)
    assert store.correction_for(first.chosen) is None
    third = store.add_correction(first.chosen, "Paris, on the Seine.")
    assert third.rejected == said.id
    assert store.corrections() == (third,)


def test_the_same_answer_corrected_anew_has_one_correction_in_force(store: Store) -> None:
    said = ask(store)
    store.add_correction(said.id, "Marseille.")
    second = store.add_correction(said.id, "Paris.")
    assert store.corrections() == (second,)


def test_a_withdrawn_correction_leads_back_to_the_answer(store: Store) -> None:
    said = ask(store)
    made = store.add_correction(said.id, "Paris.")
    taken = store.withdraw_correction(made.id)
    assert (taken.id, taken.state) == (made.id, "withdrawn")
    assert store.conversation(said.conversation).leaf == said.id
    assert store.corrections() == ()
    assert store.corrections(state="withdrawn") == (taken,)
    assert store.correction_for(made.chosen) is None
    assert store.message(made.chosen).message.text == "Paris."
    with pytest.raises(StoreError, match="not in force"):
        store.withdraw_correction(made.id)
    again = store.add_correction(made.chosen, "Paris!")
    assert again.rejected == said.id


def test_one_that_was_replaced_cannot_be_withdrawn(store: Store) -> None:
    said = ask(store)
    first = store.add_correction(said.id, "Pariss.")
    second = store.add_correction(first.chosen, "Paris.")
    for gone in (first.id, "nowhere"):
        with pytest.raises(StoreError, match="not in force"):
            store.withdraw_correction(gone)
    assert store.conversation(said.conversation).leaf == second.chosen


@pytest.mark.parametrize("mark", ["good", "bad"])
def test_a_correction_takes_the_place_of_a_mark(store: Store, mark: Mark) -> None:
    said = ask(store)
    store.mark(said.id, mark)
    made = store.add_correction(said.id, "Pariss.")
    assert [each.id for each in store.examples()] == [made.id]
    assert store.verdicts([said.id, made.chosen]) == {made.chosen: "corrected"}
    store.withdraw_correction(made.id)
    store.mark(made.chosen, mark)
    again = store.add_correction(made.chosen, "Paris.")
    assert [each.id for each in store.examples(state="accepted")] == [again.id]
    assert store.verdicts([said.id, made.chosen]) == {}


def test_a_preferred_answer_takes_the_place_of_marks_on_both(store: Store) -> None:
    said = ask(store, "It is Paris, as everybody knows.")
    leaner = store.add_message(said.conversation, said.parent, assistant("Paris.")).id
    for id_ in (said.id, leaner):
        store.mark(id_, "good")
    made = store.prefer(said.id, leaner, "shorter")
    assert [each.id for each in store.examples()] == [made.id]
    store.withdraw_correction(made.id)
    assert store.examples(state="accepted") == ()


def test_what_cannot_be_corrected_is_refused_and_changes_nothing(store: Store) -> None:
    said = ask(store)
    tree = said.conversation
    running = store.begin_answer(tree, said.parent, Origin("m"))
    made = store.add_correction(said.id, "Paris.")
    refused = {
        (said.parent, "Paris?"): "Only answers",
        (running.id, "Paris."): "still being written",
        (said.id, " \n"): "needs a text",
        (said.id, "Lyon."): "unchanged",
        (made.chosen, "Paris."): "unchanged",
        (made.chosen, "Lyon."): "model's own answer",
        ("nowhere", "Paris."): "not there any more",
        (said.id, "half \udcff"): "no characters",
    }
    count = store.info()["messages"]
    for (edited, text), reason in refused.items():
        with pytest.raises(StoreError, match=reason):
            store.add_correction(edited, text)
    assert store.corrections() == (made,)
    assert store.info()["messages"] == count
    assert store.conversation(tree).leaf == made.chosen


def test_an_answer_that_was_cut_short_can_be_corrected(store: Store) -> None:
    said = ask(store)
    begun = store.begin_answer(said.conversation, said.parent, Origin("m"))
    store.finish_answer(begun.id, assistant("It is Ly"), None, "cancelled")
    assert store.add_correction(begun.id, "It is Paris.").rejected == begun.id


def test_they_come_oldest_first_and_not_from_deleted_conversations(store: Store) -> None:
    said = [ask(store) for _ in range(3)]
    made = [store.add_correction(one.id, "Paris.") for one in reversed(said)]
    assert store.corrections() == tuple(made)
    store.delete(made[1].conversation)
    assert store.corrections() == (made[0], made[2])
    store.undelete(made[1].conversation)
    assert store.corrections() == tuple(made)


def test_they_go_with_a_purged_conversation(store: Store) -> None:
    kept, said = ask(store), ask(store)
    other = store.add_correction(kept.id, "Paris.")
    first = store.add_correction(said.id, "Pariss.")
    store.withdraw_correction(store.add_correction(first.chosen, "Paris.").id)
    store.add_correction(said.id, "Rome.")
    store.purge(said.conversation)
    assert store.corrections() == (other,)
    for state in ("replaced", "withdrawn"):
        assert store.corrections(state=state) == ()
    count = "SELECT count(*) FROM corrections"
    assert store._db.connection.execute(count).fetchone() == (1,)
    assert store.info()["check"] == "ok"
    assert store._db.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_another_program_sees_them(store: Store, file: Path) -> None:
    made = store.add_correction(ask(store).id, "Paris.")
    with Store.open(file, readonly=True) as reader:
        assert reader.corrections() == (made,)
        with pytest.raises(StoreError):
            reader.withdraw_correction(made.id)
    assert store.corrections() == (made,)
