"""What a tune would learn, read back from ids and weights."""

from __future__ import annotations

from localai.conversation import Message, ToolCall, ToolResult, assistant, user
from localai.engine.scripted import ScriptedEngine
from localai.lessons import lesson
from localai.lessons.lesson import OF_TOOLS
from localai.lessons.maker import LONGEST, TOO_LONG, Maker
from localai.lessons.preview import preview
from localai.store.rows import Origin
from localai.store.store import Store
from tests.lessons.made import Forgetful


def correct(store: Store, question: str, said: str, better: str, *, tools: bool = False) -> str:
    """A correction of an answer, which came by way of a tool or not; its id."""
    tree = store.create_conversation().id
    last = store.add_message(tree, "", user(question)).id
    if tools:
        begun = store.begin_answer(tree, last, Origin("m"))
        call = Message("assistant", (ToolCall("call00001", "look", {}),))
        last = store.finish_answer(begun.id, call, None, "done").id
        found = Message("tool", (ToolResult("call00001", "3"),))
        last = store.add_message(tree, last, found).id
    begun = store.begin_answer(tree, last, Origin("m"))
    last = store.finish_answer(begun.id, assistant(said), None, "done").id
    return store.add_correction(last, better).id


def test_exactly_the_chosen_text_is_learned(store: Store) -> None:
    first = correct(store, "My cat?", "No idea.", "It is Minka.")
    second = correct(store, "How many?", "2", "3", tools=True)
    third = correct(store, "All of it?", "No.", "word " * LONGEST)
    engine = ScriptedEngine()
    one, two, three = (
        preview(store, each, engine, Maker(engine)) for each in lesson.accepted(store)
    )
    assert [one.example.id, two.example.id, three.example.id] == [first, second, third]
    assert one.example.question == "My cat?"
    assert {seen.learned for seen in one.examples} == {"It is Minka.<|im_end|>"}
    assert all(
        "user" in seen.text and 0 < seen.weighted < len(seen.pieces) for seen in one.examples
    )
    assert (two.examples, two.left_out) == ((), OF_TOOLS)
    assert (three.examples, three.left_out) == ((), TOO_LONG)


def test_ways_to_ask_are_told_from_the_answers_of_a_dialogue(store: Store) -> None:
    store.write_example((user("Your name?"), assistant("Ada.")))
    store.write_example((user("Hello"), assistant("Ahoy!"), user("And?"), assistant("Arr!")))
    engine = Forgetful()
    one, two = (preview(store, each, engine, Maker(engine)) for each in lesson.accepted(store))
    assert not one.parts
    assert one.first == one.examples[:1]
    assert one.manner == f"asked in {len(one.examples)} ways"
    assert len(one.examples) > 1
    assert two.parts
    assert [seen.learned for seen in two.first] == ["Ahoy!<|im_end|>", "Arr!<|im_end|>"]
    assert two.manner == "in 2 parts"
    intact = ScriptedEngine()
    (whole,) = preview(store, two.example, intact, Maker(intact)).first
    assert whole.learned == "Ahoy!<|im_end|>Arr!<|im_end|>"
