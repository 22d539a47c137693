"""Examples: listed with corrections, accepted and rejected, marked, written, edited, gone."""

from __future__ import annotations

import pytest

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.errors import StoreError
from localai.store.authoring import Mark
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.store.tree import Tree
from tests.store.test_corrections import ask

MARKS: tuple[Mark, ...] = ("good", "bad")
PIRATE = (user("Hello"), assistant("Ahoy!"), user("Who are you?"), assistant("A pirate."))


def found(store: Store, example_id: str) -> tuple[str, str, str]:
    example = store.example(example_id)
    return example.source, example.state, example.answer


def test_a_correction_is_an_example_with_a_state_of_its_own(store: Store) -> None:
    said = ask(store)
    made = store.add_correction(said.id, "Paris.", "invented")
    (listed,) = store.examples()
    assert (listed.id, listed.leaf, listed.rejected) == (made.id, made.chosen, said.id)
    assert (listed.source, listed.state, listed.reason) == ("correction", "accepted", "invented")
    assert (listed.question, listed.answer) == ("What is the capital of France?", "Paris.")
    assert store.judge_example(made.id, "rejected").state == "rejected"
    assert store.corrections() == ()
    assert store.conversation(said.conversation).leaf == made.chosen
    assert store.judge_example(made.id, "pending").state == "pending"
    assert store.judge_example(made.id, "accepted").state == "accepted"
    assert [each.id for each in store.corrections()] == [made.id]


def test_what_is_accepted_is_told_by_its_set(store: Store) -> None:
    made = store.add_correction(ask(store).id, "Paris.")
    pirate = store.write_example(PIRATE, name="pirate")
    store.judge_example(store.write_example(PIRATE), "pending")
    assert store.accepted_sets() == {made.id: "", pirate: "pirate"}


def test_one_answer_teaches_one_thing(store: Store) -> None:
    said = ask(store)
    first = store.add_correction(said.id, "Pariss.")
    store.judge_example(first.id, "rejected")
    second = store.add_correction(said.id, "Paris.")
    with pytest.raises(StoreError, match="Another correction of the same answer"):
        store.judge_example(first.id, "accepted")
    store.judge_example(second.id, "rejected")
    store.judge_example(first.id, "accepted")
    assert [each.id for each in store.corrections()] == [first.id]


def test_an_answer_and_the_better_one_are_not_both_learned(store: Store) -> None:
    said = ask(store)
    made = store.add_correction(said.id, "Paris.")
    with pytest.raises(StoreError, match="take the correction back"):
        store.mark(said.id, "good")
    store.withdraw_correction(made.id)
    store.mark(said.id, "good")
    store.judge_example(made.id, "accepted")
    assert [each.id for each in store.examples(state="accepted")] == [made.id]


def test_an_edited_correction_is_listed_once(store: Store) -> None:
    first = store.add_correction(ask(store).id, "Pariss.")
    second = store.add_correction(first.chosen, "Paris.")
    assert [each.id for each in store.examples()] == [second.id]


def test_what_waits_in_a_data_set_is_accepted_at_once(store: Store) -> None:
    ids = [store.write_example(PIRATE, name=name) for name in ("set", "set", "set", "", "other")]
    for id_ in ids:
        store.judge_example(id_, "rejected" if id_ == ids[1] else "pending")
    done = store.accept_pending("set")
    assert set(done) == {ids[0], ids[2]}
    assert [store.example(id_).state for id_ in ids[:3]] == ["accepted", "rejected", "accepted"]
    assert store.accept_pending("set") == store.accept_pending("") == ()
    store.let_wait(done[:1])
    assert {store.example(id_).state for id_ in done} == {"pending", "accepted"}


def test_a_mark_stands_until_it_is_taken_back(store: Store) -> None:
    said = ask(store, "Paris.")
    store.mark(said.id, "good")
    assert store.verdicts([said.id]) == {said.id: "good"}
    (example,) = store.examples()
    assert (example.source, example.state, example.whole) == ("good", "accepted", False)
    store.judge_example(example.id, "rejected")
    assert store.verdicts([said.id]) == {}
    store.mark(said.id, "bad")
    assert store.verdicts([said.id]) == {said.id: "bad"}
    (example,) = store.examples(state="rejected")
    with pytest.raises(StoreError, match="marked bad"):
        store.judge_example(example.id, "accepted")
    assert store.unmark(said.id)
    assert not store.unmark(said.id)
    assert store.verdicts([said.id]) == {}
    assert store.examples() == ()


def test_only_a_models_finished_answer_is_marked(store: Store) -> None:
    said = ask(store)
    with pytest.raises(StoreError, match="Only answers"):
        store.mark(said.parent, "good")
    with pytest.raises(StoreError, match="your own text"):
        store.mark(store.add_correction(said.id, "Paris.").chosen, "good")


def test_where_a_dialogue_to_learn_from_ends_no_answer_is_marked(store: Store) -> None:
    id_ = store.write_example(PIRATE)
    before = store.example(id_)
    for mark in MARKS:
        with pytest.raises(StoreError, match="localai data list"):
            store.mark(before.leaf, mark)
    assert not store.unmark(before.leaf)
    assert store.examples() == (before,)
    of_set = store.example(store.write_example(PIRATE, name="pirate"))
    store.mark(of_set.leaf, "bad")
    store.mark(of_set.leaf, "good")
    assert {(each.name, each.source) for each in store.examples()} == {
        ("", "written"),
        ("pirate", "written"),
        ("", "good"),
    }


def test_where_a_dialogue_ended_before_it_was_edited_nothing_is_in_the_way(store: Store) -> None:
    id_ = store.write_example(PIRATE)
    leaf = store.example(id_).leaf
    made = store.rewrite_example(id_, PIRATE[:2])
    store.mark(leaf, "bad")
    assert store.verdicts([leaf]) == {leaf: "bad"}
    assert {each.id for each in store.examples(source="written")} == {made}


def test_a_written_dialogue_is_in_no_list_of_conversations(store: Store) -> None:
    id_ = store.write_example(PIRATE, "Talk like a pirate.", "pirate")
    example = store.example(id_[-8:])
    assert (example.source, example.name, example.state) == ("written", "pirate", "accepted")
    assert example.whole
    assert [row.message.text for row in store.path(example.leaf)] == [m.text for m in PIRATE]
    assert store.conversation(example.conversation).system == "Talk like a pirate."
    assert store.conversations() == ()
    assert store.latest() is None
    assert [hit.conversation for hit in store.search("pirate")] == [example.conversation]


def test_an_edited_dialogue_keeps_what_was_written_before(store: Store) -> None:
    id_ = store.write_example(PIRATE[:2])
    before = store.example(id_)
    new = store.rewrite_example(id_, (user("Hello"), assistant("Arr!")), "Be brief.")
    after = store.example(new)
    assert new != id_
    assert store.examples() == (after,)
    with pytest.raises(StoreError, match="There is no example"):
        store.example(id_)
    with pytest.raises(StoreError, match="not there any more"):
        store.rewrite_example(id_, PIRATE)
    assert (after.answer, after.state) == ("Arr!", "accepted")
    assert after.conversation == before.conversation
    assert store.conversation(after.conversation).system == "Be brief."
    assert store.message(before.leaf).message.text == "Ahoy!"


def test_editing_an_example_leaves_its_conversation_alone(store: Store) -> None:
    said = ask(store, "Paris.")
    store.mark(said.id, "good")
    (example,) = store.examples()
    new = store.rewrite_example(example.id, (user("Capital of France?"), assistant("Paris!")))
    assert store.verdicts([said.id]) == {}
    assert found(store, new) == ("good", "accepted", "Paris!")
    assert store.conversation(said.conversation).leaf == said.id


def test_what_was_edited_or_taken_back_stays_out_of_sight(store: Store) -> None:
    id_ = store.write_example(PIRATE[:2], name="pirate")
    new = store.rewrite_example(id_, (user("Hello"), assistant("Arr!")))
    said = ask(store, "Paris.")
    store.mark(said.id, "good")
    store.unmark(said.id)
    assert store.judge_set("pirate", "pending") == 1
    store.let_wait([id_, new])
    assert [each.id for each in store.examples()] == [new]
    assert [(each.name, each.count) for each in store.example_tallies()] == [("pirate", 1)]
    assert store.verdicts([said.id]) == {}
    for listed in store.conversation_ids(examples=True):
        tree = store.tree(listed)
        assert isinstance(tree, Tree)
        assert {each.id for each in tree.examples} <= {new}


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ((), "ends with an answer"),
        ((user("Hello"),), "ends with an answer"),
        ((assistant("Hello"),), "needs a question"),
        ((user(" "), assistant("Hello")), "is empty"),
    ],
)
def test_a_dialogue_that_teaches_nothing_is_refused(
    store: Store, messages: tuple[StoredMessage, ...], sentence: str
) -> None:
    with pytest.raises(StoreError, match=sentence):
        store.write_example(messages)  # type: ignore[arg-type]
    assert store.examples() == ()
    assert store.conversation_ids(examples=True) == ()


def test_a_set_is_decided_as_a_whole(store: Store) -> None:
    ids = [store.write_example(PIRATE, name="pirate") for _ in range(3)]
    other = store.write_example(PIRATE)
    assert store.judge_set("pirate", "rejected") == 3
    assert store.judge_set("pirate", "rejected") == 0
    assert store.judge_set("", "rejected") == 0
    assert {found(store, id_)[1] for id_ in ids} == {"rejected"}
    assert found(store, other)[1] == "accepted"
    tallies = {(each.name, each.source, each.state): each.count for each in store.example_tallies()}
    assert tallies == {("", "written", "accepted"): 1, ("pirate", "written", "rejected"): 3}


def test_examples_are_listed_newest_first_and_looked_up_by_a_part(store: Store) -> None:
    ids = [store.write_example(PIRATE, name=name) for name in ("a", "b", "")]
    assert [each.id for each in store.examples()] == ids[::-1]
    assert [each.id for each in store.examples(limit=1, offset=1)] == [ids[1]]
    assert [each.id for each in store.examples(name="a")] == ids[:1]
    assert store.examples(source="good") == ()
    with pytest.raises(StoreError, match="There is no example"):
        store.example("zzz")
    with pytest.raises(StoreError, match="More than one example"):
        store.example(ids[0][:4])


def test_what_is_deleted_or_forgotten_is_listed_no_more(store: Store) -> None:
    said = ask(store)
    store.mark(said.id, "good")
    store.delete(said.conversation)
    assert store.examples() == ()
    store.undelete(said.conversation)
    scope = store.scope((said.conversation,))
    assert len(scope.examples) == 1
    store.purge(said.conversation)
    assert store.examples() == ()
    assert store.example_tallies() == ()


def test_what_a_fork_shows_of_a_deleted_conversation_is_learned_still(store: Store) -> None:
    said = ask(store)
    made = store.add_correction(said.id, "Paris.")
    fork = store.fork(said.conversation, made.chosen).id
    after = store.add_message(said.conversation, made.chosen, user("And Spain?")).id
    beside = store.add_message(said.conversation, after, assistant("Madrid.")).id
    store.mark(beside, "good")
    store.delete(said.conversation)
    assert [each.id for each in store.examples(state="accepted")] == [made.id]
    assert [each.id for each in store.corrections()] == [made.id]
    assert [each.count for each in store.example_tallies()] == [1]
    assert store.judge_example(made.id, "rejected").state == "rejected"
    store.delete(fork)
    assert store.examples() == ()
    assert store.example_tallies() == ()


def test_the_better_of_two_answers_is_preferred(store: Store) -> None:
    said = ask(store, "It is Paris, as everybody knows.")
    path = store.path(said.id)
    leaner = store.add_message(said.conversation, path[0].id, assistant("Paris."))
    made = store.prefer(said.id, leaner.id, "shorter")
    assert (made.rejected, made.chosen, made.reason) == (said.id, leaner.id, "shorter")
    store.withdraw_correction(made.id)
    again = store.prefer(said.id, leaner.id, "shorter")
    assert store.corrections() == (again,)
    assert store.verdicts([said.id, leaner.id]) == {leaner.id: "corrected"}
    with pytest.raises(StoreError, match="same question"):
        store.prefer(said.id, path[0].id, "shorter")


def test_a_better_call_is_no_worked_example(store: Store) -> None:
    said = ask(store)
    call = ToolCall("call00001", "search_notes", {"query": "France"})
    message = assistant("").__class__("assistant", (call,))
    called = store.add_message(said.conversation, said.parent, message)
    store.prefer(said.id, called.id, "tool")
    assert store.corrected() == ()


def test_the_question_of_an_answer_from_results_is_what_the_user_said(store: Store) -> None:
    call = Message("assistant", (ToolCall("call00001", "calculator", {"expression": "2*3"}),))
    result = Message("tool", (ToolResult("call00001", "6"),))
    store.write_example((user("What is 2*3?"), call, result, assistant("6.")))
    (listed,) = store.examples()
    assert (listed.question, listed.answer) == ("What is 2*3?", "6.")
    store.write_example((user("And 6?"), call, result, call, result, assistant("Still 6.")))
    assert store.examples()[0].question == "And 6?"
