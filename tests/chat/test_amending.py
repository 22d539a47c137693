"""An answer given another way: with a tool, without one, more briefly; which is better is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localai.chat import steps
from localai.chat.session import Session
from localai.chat.turn import Amended, AnswerFinished, CallFinished, TurnEvent
from localai.conversation import ToolCall
from localai.errors import ArgumentsError, StoreError, UsageError
from localai.store.store import Store
from tests.chat.toolbox import Box, call, requests, session, tool


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


def said(chat: Session, question: str) -> str:
    """Ask; the id of the last answer."""
    *_, last = (e.message.id for e in chat.send(question) if isinstance(e, AnswerFinished))
    return last


def amended(events: list[TurnEvent]) -> Amended:
    (found,) = (event for event in events if isinstance(event, Amended))
    return found


def test_the_tool_that_was_missing_is_called_and_the_call_is_the_lesson(store: Store) -> None:
    box = Box(tool("shout"), tool("send", "writes", built_in=False))
    chat = session(store, ["hi, loudly", "It is HI."], box)
    wrong = said(chat, "Shout hi.")
    events = list(chat.with_tool(wrong, "shout", {"text": "hi"}))
    made = amended(events).correction
    assert (made.rejected, made.reason) == (wrong, "tool")
    assert box.calls == [("shout", {"text": "hi"})]
    question, better, results, answer = chat.messages()
    assert better.id == made.chosen
    assert better.message.calls == (ToolCall("call00001", "shout", {"text": "hi"}),)
    assert better.siblings == (wrong, better.id)
    assert (results.message.results[0].text, answer.message.text) == ("HI", "It is HI.")
    assert question.message.text == "Shout hi."
    # The user picked a tool that acts, with its arguments in view: nobody is asked again.
    list(chat.with_tool(answer.id, "send", {"text": "hi"}))
    assert box.calls[-1] == ("send", {"text": "hi"})
    assert [each.rejected for each in store.corrections()] == [wrong]


def test_an_impossible_call_changes_nothing(store: Store) -> None:
    chat = session(store, ["hi"], Box(tool("shout")))
    wrong = said(chat, "Shout hi.")
    with pytest.raises(UsageError, match="no tool 'sing' to use here; there are: shout"):
        list(chat.with_tool(wrong, "sing", {}))
    with pytest.raises(ArgumentsError, match="needs the argument"):
        list(chat.with_tool(wrong, "shout", {}))
    with pytest.raises(UsageError, match="Only an answer to a question"):
        list(chat.with_tool(chat.messages()[0].id, "shout", {"text": "hi"}))
    assert chat.messages()[-1].id == wrong
    assert store.corrections() == ()


def test_the_tool_that_was_too_many_is_left_out(store: Store) -> None:
    chat = session(store, [call("shout", "hi"), "It is HI.", "Hi to you!"], Box(tool("shout")))
    last = said(chat, "Hi!")
    called = chat.messages()[1]
    events = list(chat.without_tools(last))
    made = amended(events).correction
    question, answer = chat.messages()
    assert (made.rejected, made.chosen, made.reason) == (called.id, answer.id, "no-tool")
    assert answer.message.text == "Hi to you!"
    assert answer.origin is not None
    assert (answer.origin.style, answer.origin.tools) == ("plain", ())
    assert not any(isinstance(event, CallFinished) for event in events)
    with pytest.raises(UsageError, match="No tool was used"):
        list(chat.without_tools(answer.id))
    assert question.message.text == "Hi!"


def test_a_briefer_answer_stands_beside_the_first_until_one_is_preferred(store: Store) -> None:
    chat = session(store, ["It is Paris, as everybody knows.", "Paris."], Box())
    first = said(chat, "Capital of France?")
    events = list(chat.more_briefly(first))
    assert not any(isinstance(event, Amended) for event in events)
    second = chat.messages()[-1]
    assert second.message.text == "Paris."
    assert second.siblings == (first, second.id)
    assert steps.BRIEF in requests(chat)[1]
    assert store.corrections() == ()
    made = chat.prefer(first, second.id, "shorter").correction
    assert store.corrections() == (made,)
    with pytest.raises(UsageError, match="too long"):
        list(chat.more_briefly(chat.messages()[0].id))


def test_a_briefer_answer_to_results_stands_beside_that_answer(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, [call("shout", "hi"), "It is HI, in capitals.", "HI."], box)
    first = said(chat, "Shout hi.")
    list(chat.more_briefly(first))
    assert chat.messages()[-1].siblings == (first, chat.messages()[-1].id)
    assert len(box.calls) == 1


def test_a_stopped_answer_is_not_preferred(store: Store) -> None:
    from localai.engine.scripted import Script

    held = Script("one two three", hold_at=1)
    chat = session(store, [call("shout", "hi"), "It is HI.", held], Box(tool("shout")))
    last = said(chat, "Hi!")
    events = []
    for event in chat.without_tools(last):
        events.append(event)
        chat.cancel()
    assert not any(isinstance(event, Amended) for event in events)
    assert store.corrections() == ()
    with pytest.raises(StoreError, match="finished answers"):
        chat.prefer(last, chat.messages()[-1].id, "shorter")
