"""Dialogues made to learn calling tools from."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event
from typing import Any

import pytest

from localai.config import Settings, ToolSettings
from localai.conversation import Message
from localai.engine.scripted import ScriptedEngine
from localai.evals.asking import Asker
from localai.evals.making import remarks
from localai.evals.making.own_answers import sound
from localai.evals.making.tools import make
from localai.evals.task import Answer, Called, Example, Manner, Place
from localai.evals.tool_questions.pool import questions
from localai.lessons import lesson
from localai.lessons.maker import Maker
from localai.store.store import Store
from localai.tools.allowed import Allowed
from localai.tools.identity import code_hash
from localai.tools.outcome import Ok, Outcome
from localai.tools.registry import builtin
from localai.tools.tool import Tool, tool
from localai.tools.toolbox import Toolbox
from tests.evals.places import place

TOOLS = ("calculator", "clock", "date_difference", "date_add", "weekday", "search_chats")
OWN = "That is well known."


@pytest.fixture
def there(store: Store) -> Place:
    return place(store, ScriptedEngine([OWN]), Toolbox([builtin(name) for name in TOOLS]))


def turns(talk: tuple[Message, ...]) -> list[tuple[Message, ...]]:
    """The questions of a dialogue with what follows each."""
    begins = [at for at, each in enumerate(talk) if each.role == "user"]
    return [talk[at:to] for at, to in zip(begins, [*begins[1:], len(talk)], strict=True)]


def test_calls_have_the_tools_own_results_and_no_tool_the_models_own_answer(there: Place) -> None:
    wanted = {each.question: each for each in questions("train", TOOLS)}
    made = [talk for talk, _ in make(there, 18, lambda done, total: None)]
    assert [len(turns(talk)) for talk in made] == [1, 1, 1, 1, 3, 1, 1, 1, 2] * 2
    tools = set[str]()
    for turn in (turn for talk in made for turn in turns(talk)):
        example = wanted[turn[0].text]
        tools.add(example.tool or "")
        if not example.tool:
            assert [each.text for each in turn[1:]] == [OWN]
            continue
        _, call, result, answer = turn
        assert (call.calls[0].name, call.calls[0].arguments) == (example.tool, example.arguments)
        assert result.results[0].call_id == call.calls[0].id
        if example.tool == "search_chats" and example.extra["value"]:
            assert example.extra["said"] in result.results[0].text
            assert example.extra["value"] in answer.text
    assert {"", "calculator", "search_chats"} <= tools


def test_calls_of_a_dialogue_are_told_apart(there: Place) -> None:
    made = [talk for talk, _ in make(there, 18, lambda done, total: None)]
    for talk in made:
        ids = [call.id for each in talk for call in each.calls]
        assert len(set(ids)) == len(ids)


def test_what_is_made_is_learned_with_the_very_prompt_of_a_question(
    there: Place, store: Store
) -> None:
    made = [talk for talk, _ in make(there, 6, lambda done, total: None)]
    head = there.entry.description.system
    store.write_examples(made, head, "tools")
    maker = Maker(there.engine, lambda: tuple(there.toolbox.tools.values()))
    settings = there.settings.model_copy(
        update={"tools": there.settings.tools.model_copy(update={"offer": "on"})}
    )
    asking = Place(there.engine, there.entry, settings, store, there.toolbox)
    assert isinstance(there.engine, ScriptedEngine)
    for found in lesson.accepted(store, "tools"):
        read = lesson.read(store, found)
        (example,) = maker.make(read)
        first = next(each.text for each in read.tell(read.question) if each.role == "user")
        asker = Asker(asking, Manner(), tools=True)
        list(asker.answers([Example(id="x", question=first)]))
        asked = there.engine.requests[-1].ids
        assert example.ids[: len(asked)] == asked
        assert not any(example.weights[: len(asked)])
        assert any(example.weights[len(asked) :])


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (Answer(text="It is Rome."), "It is Rome."),
        (Answer(text="A list:\n1. Tea\n2. Milk"), "A list:\n1. Tea\n2. Milk"),
        (Answer(text="A cat purrs. It is glad and", ended=False), "A cat purrs."),
        (Answer(text="A cat purrs. So it is. A cat purrs."), "A cat purrs. So it is."),
        (Answer(text="Well, that may", ended=False), ""),
        (Answer(text="Try calculator(2)."), ""),
        (Answer(text="It is 6.", calls=(Called("calculator", {}, "6", True),)), ""),
    ],
)
def test_an_answer_is_learned_as_far_as_it_is_sound(answer: Answer, kept: str) -> None:
    assert sound(answer, TOOLS) == kept


@tool(effects=("reads",))
def dice(sides: int) -> int:
    """Roll a die.

    Args:
        sides: how many it has.
    """
    return sides


@tool(effects=("writes",))
def send(text: str) -> str:
    """Send a message.

    Args:
        text: what to send.
    """
    return text


def rolled(tool: Tool, given: Mapping[str, Any], allowed: Allowed, stop: Event) -> Outcome:
    return Ok(str(given.get("sides", 0)), 0.0)


def test_tools_of_the_users_are_called_where_they_are_allowed_always(store: Store) -> None:
    box = Toolbox([builtin("calculator"), dice, send], run=rolled)
    there = place(store, ScriptedEngine([OWN]), box)

    def called() -> set[str]:
        made = [talk for talk, _ in make(there, 200, lambda done, total: None)]
        return {call.name for talk in made for each in talk for call in each.calls}

    assert called() == {"calculator"}
    told = " ".join(remarks("tools", there))
    assert "questions can be made for send," in told
    assert "calls dice: allow it always" in told
    store.decide("dice", code_hash(dice), allowed=True)
    assert called() == {"calculator", "dice"}
    assert "dice" not in " ".join(remarks("tools", there))


def test_that_a_model_is_told_of_no_tools_is_said(there: Place, store: Store) -> None:
    assert remarks("tools", there) == ()
    off = place(store, box=there.toolbox, settings=Settings(tools=ToolSettings(offer="off")))
    assert "tools.offer" in " ".join(remarks("tools", off))
