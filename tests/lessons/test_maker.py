"""Lessons as examples: what counts, in how many words, what is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pytest

from localai.conversation import Message, ToolCall, ToolResult, assistant, system, user
from localai.engine.base import Rendered, RenderOptions
from localai.engine.scripted import ScriptedEngine
from localai.errors import EngineError
from localai.lessons import lesson, maker, phrasings
from localai.lessons.lesson import Lesson, Unlearnable
from localai.lessons.maker import MISPLACED, TOO_LONG, Example, Maker
from localai.store.rows import Origin
from localai.store.store import Store
from localai.tools import registry
from tests.lessons.made import Forgetful, corrected
from tests.lessons.made import lesson as made


def make(found: Lesson, engine: ScriptedEngine) -> tuple[Example, ...]:
    return Maker(engine).make(found)


def taught(engine: ScriptedEngine, example: Example) -> str:
    """The text whose tokens count."""
    assert len(example.ids) == len(example.weights)
    counted = zip(example.ids, example.weights, strict=True)
    return "".join(engine.pieces([id for id, weight in counted if weight]))


def text(engine: ScriptedEngine, example: Example) -> str:
    return "".join(engine.pieces(example.ids))


def test_only_the_corrected_answer_counts(store: Store) -> None:
    engine = ScriptedEngine()
    found = corrected(store, "Hi!", "Hello!", "My cat?", "No idea.", chosen="It is Minka.")
    for example in make(found, engine):
        assert taught(engine, example) == "It is Minka.<|im_end|>"
        assert "Hello!" in text(engine, example)
        assert "No idea." not in text(engine, example)


def test_one_example_for_each_phrasing(store: Store) -> None:
    engine = ScriptedEngine()
    found = corrected(store, "What is my cat called?", "No idea.", chosen="Minka.")
    examples = make(found, engine)
    for phrasing, example in zip(phrasings.training(found.question), examples, strict=True):
        assert f"user\n{phrasing}<|im_end|>" in text(engine, example)


def test_earlier_corrections_do_not_count_again(store: Store) -> None:
    """An answer in the context is the user's own: it is taught by its own correction."""
    tree = store.create_conversation().id
    first = store.add_message(tree, "", user("One?")).id
    begun = store.begin_answer(tree, first, Origin("m"))
    said = store.finish_answer(begun.id, assistant("Two."), None, "done")
    better = store.add_correction(said.id, "One.").chosen
    second = store.add_message(tree, better, user("And then?")).id
    begun = store.begin_answer(tree, second, Origin("m"))
    said = store.finish_answer(begun.id, assistant("Three."), None, "done")
    store.add_correction(said.id, "Two!")
    engine = ScriptedEngine()
    lessons = [lesson.read(store, each) for each in lesson.accepted(store)]
    taught_by = [taught(engine, make(each, engine)[0]) for each in lessons]
    assert taught_by == ["One.<|im_end|>", "Two!<|im_end|>"]


def turns(*lengths: int) -> tuple[Message, ...]:
    """Questions of so many words, each with a short answer."""
    return tuple(
        message
        for at, length in enumerate(lengths)
        for message in (
            user(" ".join([f"turn{at}"] * length)),
            msgspec.structs.replace(assistant("Yes."), learn=False),
        )
    )


def test_the_oldest_turns_leave_when_it_is_too_long() -> None:
    engine = ScriptedEngine()
    context = (system("Be brief."), *turns(500, 400, 400))
    for example in make(made("Minka.", context=context), engine):
        assert "turn0" not in text(engine, example)
        assert "turn1" in text(engine, example)
        assert "turn2" in text(engine, example)
        assert "Be brief." in text(engine, example)


def test_a_long_question_is_asked_alone() -> None:
    engine = ScriptedEngine()
    long = " ".join(["word"] * 900)
    told = made("Minka.", question=long, context=turns(500, 400))
    first, *_ = make(told, engine)
    assert len(first.ids) <= maker.LONGEST
    assert "turn" not in text(engine, first)


def test_what_is_too_long_alone_is_left_out() -> None:
    engine = ScriptedEngine()
    long = " ".join(["word"] * 1100)
    for told in (made("Minka.", question=long), made(long, context=(system("Hi."), *turns(9)))):
        with pytest.raises(Unlearnable, match=TOO_LONG):
            make(told, engine)


def test_no_example_is_longer_than_allowed() -> None:
    """Though a phrasing may be longer than the question was."""
    engine = ScriptedEngine()
    base = len(make(made("Minka.", question="word?"), engine)[0].ids)
    question = " ".join(["word"] * (maker.LONGEST - base + 1)) + "?"
    examples = make(made("Minka.", question=question), engine)
    assert len(examples[0].ids) == maker.LONGEST
    assert max(len(each.ids) for each in examples) <= maker.LONGEST


PIRATE = Lesson(
    "x",
    (system("A pirate."), user("Hello"), assistant("Ahoy!")),
    "Who are you?",
    assistant("A pirate."),
    source="written",
)


def test_every_answer_of_a_dialogue_counts_in_one_example() -> None:
    engine = ScriptedEngine()
    (example,) = make(PIRATE, engine)
    assert taught(engine, example) == "Ahoy!<|im_end|>A pirate.<|im_end|>"


def test_a_set_of_its_own_is_asked_as_it_was_written() -> None:
    engine = ScriptedEngine()
    assert len(make(made("Minka."), engine)) > 1
    assert len(make(msgspec.structs.replace(made("Minka."), name="cats"), engine)) == 1


def test_answers_that_are_written_otherwise_later_get_examples_of_their_own() -> None:
    engine = Forgetful()
    first, second = make(PIRATE, engine)
    assert taught(engine, first) == "Ahoy!<|im_end|>"
    assert taught(engine, second) == "A pirate.<|im_end|>"
    assert "assistant\n...<|im_end|>" in text(engine, second)


class Misplacing(ScriptedEngine):
    """Its weights are on everything, or on nothing."""

    weight = 1.0

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        rendered = super().render(messages, options)
        return Rendered(rendered.ids, (self.weight,) * len(rendered.ids))


@pytest.mark.parametrize("weight", [0.0, 1.0])
@pytest.mark.parametrize("told", [made("Minka."), PIRATE])
def test_weight_in_the_wrong_place_is_refused(told: Lesson, weight: float) -> None:
    engine = Misplacing()
    engine.weight = weight
    with pytest.raises(Unlearnable, match=MISPLACED):
        make(told, engine)


class Refusing(ScriptedEngine):
    """Its template takes nothing."""

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        raise EngineError("The template takes no such turns.")


def test_what_the_template_refuses_is_left_out_with_its_reason() -> None:
    with pytest.raises(Unlearnable, match="takes no such turns"):
        make(made("Minka."), Refusing())


CALL = Message("assistant", (ToolCall("call00001", "calculator", {"expression": "2*3"}),))


def test_a_call_is_learned_where_the_tools_are_told_of() -> None:
    engine = ScriptedEngine()
    told = Lesson("x", (system("Be brief."),), "What is 2*3?", CALL, tools=("calculator",))
    example, *_ = Maker(engine, lambda: [registry.builtin("calculator")]).make(told)
    assert "calculator" in taught(engine, example)
    before, _, _ = text(engine, example).partition("What is 2*3?")
    assert "Be brief." in before
    assert "- calculator(expression)" in before


def test_results_and_what_came_before_them_do_not_count() -> None:
    engine = ScriptedEngine()
    steps = (msgspec.structs.replace(CALL, learn=False), Message("tool", (ToolResult("c", "6"),)))
    told = Lesson("x", (), "2*3?", assistant("It is 6."), steps=steps, tools=("calculator",))
    example, *_ = Maker(engine, lambda: [registry.builtin("calculator")]).make(told)
    assert taught(engine, example) == "It is 6.<|im_end|>"


def test_a_tool_that_is_gone_is_named() -> None:
    told = Lesson("x", (), "What is 2*3?", CALL, tools=("calculator",))
    with pytest.raises(Unlearnable, match="calls calculator, a tool that is not there"):
        make(told, ScriptedEngine())


SOME = [registry.builtin(name) for name in ("clock", "calculator", "weekday")]


def told_of(engine: ScriptedEngine, lesson: Lesson) -> list[str]:
    """The tools that a lesson is learned with, in their order."""
    example, *_ = Maker(engine, lambda: SOME).make(lesson)
    return re.findall(r"^- (\w+)\(", text(engine, example), re.MULTILINE)


def test_where_all_tools_are_told_of_they_are_those_of_a_chat() -> None:
    told = Lesson("x", (), "What is 2*3?", CALL, tools=("calculator",), all_tools=True)
    assert told_of(ScriptedEngine(), told) == ["clock", "calculator", "weekday"]
    without = Lesson("x", (), "Who are you?", assistant("A model."), all_tools=True)
    assert told_of(ScriptedEngine(), without) == ["clock", "calculator", "weekday"]


def test_those_of_a_correction_stand_in_the_order_of_a_chat() -> None:
    told = Lesson("x", (), "What is 2*3?", CALL, tools=("calculator", "clock"))
    assert told_of(ScriptedEngine(), told) == ["clock", "calculator"]


def test_where_there_is_no_room_for_all_those_that_are_called_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(maker, "ROOM_FOR_ALL", 150)
    told = Lesson("x", (), "What is 2*3?", CALL, tools=("calculator",), all_tools=True)
    assert told_of(ScriptedEngine(), told) == ["calculator"]


def test_a_lesson_without_calls_is_learned_where_there_are_no_tools() -> None:
    told = Lesson("x", (), "Who are you?", assistant("A model."), all_tools=True)
    engine = ScriptedEngine()
    assert "tools" not in text(engine, make(told, engine)[0])
