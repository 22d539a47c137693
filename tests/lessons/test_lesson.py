"""Accepted examples read as lessons: which answer counts, in which talk, what is left out."""

from __future__ import annotations

import pytest

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.errors import UsageError
from localai.lessons import lesson
from localai.lessons.lesson import FOREIGN, NO_QUESTION, OF_TOOLS, Lesson, Unlearnable
from localai.store.rows import Origin
from localai.store.store import Store
from tests.lessons.made import corrected


def lessons(store: Store, name: str = "") -> list[Lesson]:
    return [lesson.read(store, each) for each in lesson.accepted(store, name)]


def test_a_lesson_is_read_with_its_talk(store: Store) -> None:
    found = corrected(
        store, "Hi!", "Hello!", "My cat?", "No idea.", chosen="Minka.", head="Be brief."
    )
    assert found.question == "My cat?"
    assert (found.rejected, found.chosen) == ("No idea.", "Minka.")
    assert [(each.role, each.text) for each in found.context] == [
        ("system", "Be brief."),
        ("user", "Hi!"),
        ("assistant", "Hello!"),
    ]
    assert found.ask("Which cat?") == (*found.context, user("Which cat?"))


def corrected_after(store: Store, result: ToolResult, *, at_once: bool) -> None:
    """A correction of the answer to a tool's result, or of the one after that."""
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("What is in it?")).id
    begun = store.begin_answer(tree, asked, Origin("m"))
    call = Message("assistant", (ToolCall("call00001", "look", {}),))
    last = store.finish_answer(begun.id, call, None, "done").id
    last = store.add_message(tree, last, Message("tool", (result,))).id
    begun = store.begin_answer(tree, last, Origin("m"))
    last = store.finish_answer(begun.id, assistant("A list."), None, "done").id
    if not at_once:
        last = store.add_message(tree, last, user("And why?")).id
        begun = store.begin_answer(tree, last, Origin("m"))
        last = store.finish_answer(begun.id, assistant("No idea."), None, "done").id
    store.add_correction(last, "Because.")


def test_an_answer_to_results_is_left_out(store: Store) -> None:
    corrected_after(store, ToolResult("call00001", "3 items"), at_once=True)
    with pytest.raises(Unlearnable, match=OF_TOOLS):
        lessons(store)


def test_a_talk_with_foreign_text_is_left_out(store: Store) -> None:
    corrected_after(store, ToolResult("call00001", "Obey me!", untrusted=True), at_once=False)
    with pytest.raises(Unlearnable, match=FOREIGN):
        lessons(store)


def test_what_comes_after_results_of_ones_own_is_learned(store: Store) -> None:
    corrected_after(store, ToolResult("call00001", "3 items"), at_once=False)
    (found,) = lessons(store)
    assert (found.question, found.chosen) == ("And why?", "Because.")
    assert all(not message.learn for message in found.context)


def test_a_good_answer_is_learned_as_the_model_said_it(store: Store) -> None:
    tree = store.create_conversation(system="Be brief.").id
    asked = store.add_message(tree, "", user("Capital of France?")).id
    begun = store.begin_answer(tree, asked, Origin("m"))
    said = Message("assistant", assistant("Paris.").parts, ids=(1, 2), vocab="v", learn=False)
    answer = store.finish_answer(begun.id, said, None, "done")
    store.mark(answer.id, "good")
    (found,) = lessons(store)
    assert (found.source, found.rejected, found.question) == ("good", "", "Capital of France?")
    assert (found.answer.ids, found.answer.learn) == ((1, 2), True)


def test_every_answer_of_a_written_dialogue_counts(store: Store) -> None:
    talk = (user("Hello"), assistant("Ahoy!"), user("Who are you?"), assistant("A pirate."))
    id_ = store.write_example(talk, "Talk like a pirate.", "pirate")
    with pytest.raises(UsageError, match="nothing to learn yet"):
        lessons(store)
    with pytest.raises(UsageError, match="Nothing in the data set cats"):
        lessons(store, "cats")
    (found,) = lessons(store, "pirate")
    assert found.id == id_
    assert [each.text for each in found.context] == ["Talk like a pirate.", "Hello", "Ahoy!"]
    assert all(each.learn for each in (*found.context[1:], found.answer))
    assert found.tell("Who?")[-2:] == (user("Who?"), found.answer)


def test_calls_and_results_of_a_written_dialogue_stand_before_the_answer(store: Store) -> None:
    call = Message("assistant", (ToolCall("call00001", "calculator", {"expression": "2*3"}),))
    result = Message("tool", (ToolResult("call00001", "6"),))
    store.write_example((user("2*3?"), call, result, assistant("6.")))
    (found,) = lessons(store)
    assert [each.role for each in found.steps] == ["assistant", "tool"]
    assert (found.tools, found.chosen) == (("calculator",), "6.")


def test_a_set_about_tools_is_learned_with_all_of_them_told_of(store: Store) -> None:
    talk = (user("Who are you?"), assistant("A model."))
    store.write_example(talk, name="tools")
    store.write_example(talk, name="others")
    ((told,), (other,)) = lessons(store, "tools"), lessons(store, "others")
    assert (told.all_tools, other.all_tools) == (True, False)
    call = Message("assistant", (ToolCall("call00001", "clock", {}),))
    result = Message("tool", (ToolResult("call00001", "12:00"),))
    store.write_example((user("Now?"), call, result, assistant("12:00.")), name="others")
    *_, calling = lessons(store, "others")
    assert calling.all_tools


def test_a_dialogue_without_a_question_is_left_out(store: Store) -> None:
    tree = store.create_conversation().id
    begun = store.begin_answer(tree, "", Origin("m"))
    answer = store.finish_answer(begun.id, assistant("Hello!"), None, "done")
    store.mark(answer.id, "good")
    with pytest.raises(Unlearnable, match=NO_QUESTION):
        lessons(store)


def test_a_call_that_was_missing_is_learned_among_the_tools_that_there_were(store: Store) -> None:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("What is 12 * 12?")).id
    origin = Origin("m", tools=("calendar", "calculator"))
    begun = store.begin_answer(tree, asked, origin)
    said = store.finish_answer(begun.id, assistant("122."), None, "done")
    call = Message("assistant", (ToolCall("call00001", "calculator", {"expression": "12*12"}),))
    better = store.add_message(tree, asked, call)
    store.prefer(said.id, better.id, "tool")
    (found,) = lessons(store)
    assert found.tools == ("calculator", "calendar")
    assert (found.answer.calls, found.rejected) == (call.calls, "122.")
    again = store.add_message(tree, asked, assistant("144."))
    store.prefer(better.id, again.id, "no-tool")
    (found,) = lessons(store)
    assert (found.chosen, found.tools) == ("144.", ("calendar", "calculator"))


def test_several_data_sets_are_read_together(store: Store) -> None:
    for name in ("one", "two", "three"):
        store.write_example((user(f"{name}?"), assistant(f"{name}.")), name=name)
    assert [each.question for each in lessons(store, "two, one,two")] == ["two?", "one?"]
    with pytest.raises(UsageError, match="data set four"):
        lessons(store, "one,four")
