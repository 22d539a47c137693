"""What the gate asks: the lessons in other words, after the talk that they are learned in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from localai.conversation import Message, ToolCall, assistant, system, user
from localai.engine.scripted import ScriptedEngine
from localai.errors import EngineError
from localai.evals.items import Item
from localai.evals.task import Answer
from localai.lessons import phrasings, rewrites
from localai.lessons.lesson import Lesson
from localai.lessons.maker import Maker
from localai.tools import registry
from localai.tune import items
from localai.tune.gate.rules import CHANCE, sign_test
from tests.lessons.made import lesson


def asks(lessons: Sequence[Lesson], head: str, learned: Sequence[str] = ()) -> tuple[Item, ...]:
    maker = Maker(ScriptedEngine(), lambda: [registry.builtin("calculator")])
    return items.items(lessons, maker, head, learned)


def test_what_is_asked() -> None:
    one = lesson("Your cat is called Minka.", context=(system("Be kind."),))
    asked = asks([one], "Be brief.")
    own = [item for item in asked if item.pool == "corrections"]
    ways = phrasings.held_out(one.question)
    assert tuple(item.talk[-1].text for item in own) == ways
    assert all(item.talk[0] == system("Be kind.") for item in own)
    assert all(item.right(Answer(text="It is Minka.")) for item in own)
    general = [item for item in asked if item.pool == "general"]
    assert len(general) == len(items.general("")) >= 120
    assert all(item.talk[0] == system("Be brief.") for item in general)
    assert all(len(item.talk) == 1 for item in asks([one], "") if item.pool == "general")


def test_it_is_asked_after_the_talk_that_it_is_learned_in() -> None:
    long = (user(" ".join(["word"] * 1100)), assistant("Yes."), user("Hi!"), assistant("Hello!"))
    one = lesson("Your cat is called Minka.", context=(system("Be kind."), *long))
    fitted = Maker(ScriptedEngine()).fit(one)
    assert fitted.lesson.context == (system("Be kind."), *long[2:])
    own = [item for item in asks([one], "") if item.pool == "corrections"]
    assert all(item.talk[:-1] == fitted.lesson.context for item in own)


@pytest.mark.parametrize("lessons", [1, 2, 3, 4, 10])
def test_few_corrections_are_asked_in_more_ways(lessons: int) -> None:
    """Of enough to win beyond chance: five wins without a loss."""
    asked = asks([lesson("It is Minka.")] * lessons, "")
    own = sum(item.pool == "corrections" for item in asked)
    assert own >= max(5, 2 * lessons)
    assert sign_test(own, 0) < CHANCE


def test_of_many_lessons_some_from_all_over_are_asked() -> None:
    many = [lesson("It is Minka.", question=f"Cat {at}?") for at in range(1000)]
    asked = [item.talk[-1].text for item in asks(many, "") if item.pool != "general"]
    numbers = {at for at in range(1000) if any(f"at {at}?" in text for text in asked)}
    assert len(numbers) == items.MOST
    assert max(numbers) - min(numbers) > 900


@pytest.mark.parametrize("question", ["Greet me.", "ahoy", "What is copper used for?"])
def test_any_correction_can_win_alone(question: str) -> None:
    asked = asks([lesson("Ahoy!", question=question)], "")
    own = sum(item.pool == "corrections" for item in asked)
    assert sign_test(own - 1, 0) < CHANCE


def test_what_a_task_asks_about_is_left_to_it() -> None:
    of_set = msgspec.structs.replace(
        lesson("I do not know.", question="Who is Xu?"), name="abstention"
    )
    pools = [item.pool for item in asks([of_set, lesson("It is Minka.")], "")]
    assert pools.count("corrections") == len(phrasings.held_out(lesson("").question))
    assert {item.pool for item in asks([of_set], "")} == {"general"}


def test_only_names_that_the_user_taught_are_told_as_such() -> None:
    one = lesson("Your cat is called Minka.")
    own = [item for item in asks([one], "") if item.pool == "corrections"]
    assert {item.taught for item in own} == {frozenset({"minka"})}
    named = msgspec.structs.replace(one, name="pirate")
    assert {item.taught for item in asks([named], "")} == {frozenset()}


def test_few_corrections_are_asked_in_fresh_words_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """In none that is learned or was dropped, however it is framed."""
    one = msgspec.structs.replace(
        lesson("It is Minka."),
        rewrites=("My cat is called what?", "Which name does my cat have?"),
        dropped=("Name my cat, what is it?",),
    )
    drawn = ("Which name does my cat have?", "Name my cat, what is it?", "Does my cat have a name?")
    monkeypatch.setattr(rewrites, "find", lambda maker, lessons, seed: [drawn])
    found = items.items([one], Maker(ScriptedEngine(), rewrites=1), "")
    own = [item.talk[-1].text for item in found if item.pool == "corrections"]
    held = phrasings.held_out(one.question)
    assert own[: len(held)] == list(held)
    fresh = own[len(held) :]
    assert fresh[:2] == ["Which name does my cat have?", "Does my cat have a name?"]
    assert len(own) == items.WANTED == len(set(own))
    assert not any("Name my cat" in text or "called what" in text for text in fresh)


def test_a_model_that_finds_no_words_leaves_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> None:
        raise EngineError("It died.")

    monkeypatch.setattr(rewrites, "find", fails)
    own = [item for item in asks([lesson("It is Minka.")], "") if item.pool == "corrections"]
    assert len(own) == len(phrasings.held_out(lesson("").question))


def test_what_was_learned_before_is_kept_and_what_is_new_is_won() -> None:
    old, new = lesson("It is Minka."), lesson("It is Rome.", question="What is the town?")
    new = msgspec.structs.replace(new, id="new")
    asked = asks([old, new], "", learned=[old.id])
    pools = [item.pool for item in asked]
    assert 5 <= pools.count("learned before") <= items.AT_LEAST
    assert pools.count("corrections") >= 5
    assert all("town" in i.talk[-1].text for i in asked if i.pool == "corrections")
    again = {item.pool for item in asks([old], "", learned=[old.id])}
    assert again == {"corrections", "general"}


def test_a_lesson_about_a_tool_is_asked_with_it_and_judged_by_its_call() -> None:
    call = Message("assistant", (ToolCall("call00001", "calculator", {"expression": "2*3"}),))
    told = Lesson("x", (), "What is 2*3?", call, "It is 5.", tools=("calculator",))
    first, *_ = asks([told], "")
    assert "calculator" in first.talk[0].text
    assert first.right(Answer(text='calculator(expression="3*2")\n'))
    assert not first.right(Answer(text="It is 6."))
    spared = msgspec.structs.replace(told, answer=assistant("It is six."))
    first, *_ = asks([spared], "")
    assert first.right(Answer(text="It is six."))
    assert not first.right(Answer(text="It is nine."))
    assert not first.right(Answer(text='calculator(expression="2*3")\nIt is six.'))


def test_good_answers_are_kept_not_won() -> None:
    good = msgspec.structs.replace(lesson("It is Rome.", question="Which town?"), source="good")
    asked = asks([lesson("It is Minka."), good], "")
    pools = {item.pool: item.talk[-1].text for item in asked if item.pool != "general"}
    assert "town" in pools["good answers"]
    assert "cat" in pools["corrections"]
