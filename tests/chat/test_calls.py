"""A turn with tool calls: found in the stream, agreed to, run, put into the context."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from localai.chat.consent import Decision, Question
from localai.chat.session import Session
from localai.chat.turn import AnswerFinished, CallFinished, CallStarted, Remark, ResultsSaved
from localai.config import Settings, ToolSettings
from localai.conversation import Delta, Message, ToolCall, ToolResult
from localai.engine.scripted import Script, ScriptedEngine
from localai.errors import EngineCrashed, ModelError
from localai.store.store import Store
from localai.tools.outcome import Ok, Outcome
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox
from tests.chat.test_session import entry
from tests.chat.toolbox import HERMES, Box, call, requests, results, session, tool


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


def test_a_call_is_run_and_its_result_goes_into_the_context(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, ["Let me see. " + call("shout", "hi"), "It is HI."], box)
    events = list(chat.send("Shout hi."))
    shown = "".join(event.text for event in events if isinstance(event, Delta))
    assert shown == "Let me see.It is HI."
    assert box.calls == [("shout", {"text": "hi"})]
    _, asked, answered, last = (row.message for row in chat.messages())
    assert (asked.text, asked.calls) == (
        "Let me see.",
        (ToolCall("call00001", "shout", {"text": "hi"}),),
    )
    assert answered == Message("tool", (ToolResult("call00001", "HI", True, 0.25),))
    assert last.text == "It is HI."
    assert "HI" in requests(chat)[1]
    assert chat.conversation
    assert box.conversations == [chat.conversation.id]  # so that a search can leave it out
    kinds = [type(event) for event in events if not isinstance(event, Delta)]
    assert kinds.index(CallStarted) < kinds.index(CallFinished) < kinds.index(ResultsSaved)
    assert kinds.count(AnswerFinished) == 2


def test_going_on_after_a_result_reads_only_what_is_new(store: Store) -> None:
    chat = session(store, [call("shout", "hi"), "Done."], Box(tool("shout")))
    rows = [e.message for e in chat.send("Shout hi.") if isinstance(e, AnswerFinished)]
    first, second = (row.completion for row in rows)
    assert first
    assert second
    assert second.cached_tokens >= first.prompt_tokens + first.generated_tokens


def test_several_calls_run_side_by_side_and_keep_their_order(store: Store) -> None:
    barrier = threading.Barrier(3, timeout=10)

    def run(tool: Tool, arguments: Mapping[str, Any], *_: object) -> Outcome:
        barrier.wait()  # passes only if all three are there at once
        return Ok(str(arguments["text"]).upper(), 0.1)

    box = Box(tool("shout"))
    box.box = Toolbox([tool("shout")], run=run)
    chat = session(store, ["".join(call("shout", x) for x in "abc"), "Done."], box)
    list(chat.send("Go."))
    row = chat.messages()[2].message
    assert [result.text for result in row.results] == ["A", "B", "C"]
    assert [result.call_id for result in row.results] == ["call00001", "call00002", "call00003"]


def test_calls_after_calls_end_at_the_limit(store: Store) -> None:
    box = Box(tool("shout"))
    settings = Settings(tools=ToolSettings(most_calls=3))
    chat = session(store, [call("shout", "a") + call("shout", "b")], box, settings=settings)
    events = list(chat.send("Go."))
    assert len(box.calls) == 3
    assert [result.ok for result in results(events)].count(True) == 3
    assert "No more calls" in chat.messages()[-1].message.results[-1].text
    assert len(chat.engine.requests) <= 4  # type: ignore[attr-defined]


def test_an_unknown_tool_is_answered_with_what_there_is(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, [call("whisper", "hi"), "Sorry."], box)
    (result,) = results(list(chat.send("Go.")))
    assert (result.ok, result.text) == (False, "There is no tool 'whisper'; there are: shout.")
    assert box.calls == []


def test_a_malformed_call_is_text_and_nothing_runs(store: Store) -> None:
    box = Box(tool("shout"))
    broken = '<tool_call>\n{"name": "shout", "arguments": {"text": }}\n</tool_call>'
    chat = session(store, [broken], box)
    list(chat.send("Go."))
    assert chat.messages()[-1].message.text == broken
    assert box.calls == []


def test_a_model_without_a_format_is_taught_ours_and_stopped_after_a_call(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, ['shout("hi")\nResult of shout:\nHO\nIt is HO.', "HI!"], box, template="")
    events = list(chat.send("Shout hi."))
    assert box.calls == [("shout", {"text": "hi"})]
    assert "- shout(text): Does shout." in requests(chat)[0]
    assert "HO" not in "".join(e.text for e in events if isinstance(e, Delta))
    asked, last = chat.messages()[1], chat.messages()[-1]
    assert (asked.status, asked.message.text, last.message.text) == ("done", "", "HI!")
    assert "".join(chat.engine.pieces(asked.message.ids)) == 'shout("hi")\n'.rstrip()
    assert "HO" not in requests(chat)[1]


def test_no_tools_are_offered_to_a_model_described_as_one_without(store: Store) -> None:
    import msgspec

    described = entry()
    none = msgspec.structs.replace(described.description, tool_format="none")
    quiet = msgspec.structs.replace(described, description=none)
    box = Box(tool("shout"))
    chat = session(store, [call("shout", "hi")], box, entry=quiet)
    list(chat.send("Go."))
    assert box.calls == []
    wanted = Settings(tools=ToolSettings(offer="on"))
    list(session(store, [call("shout", "hi"), "x"], box, entry=quiet, settings=wanted).send("Go."))
    assert len(box.calls) == 1
    wrong = msgspec.structs.replace(described.description, tool_format="morse")
    odd = msgspec.structs.replace(described, description=wrong)
    with pytest.raises(ModelError, match="tool format 'morse'"):
        list(session(store, ["x"], box, entry=odd).send("Go."))


def test_stopping_ends_the_running_tool_and_the_turn(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, [call("shout", "wait"), "Done."], box)
    for event in chat.send("Go."):
        if isinstance(event, CallStarted):
            chat.cancel()
    last = chat.messages()[-1].message
    assert [(result.ok, result.text) for result in last.results] == [(False, "It was stopped.")]


def test_an_answer_after_calls_is_given_again_from_the_question_on(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, [call("shout", "hi"), "One.", "Two."], box)
    list(chat.send("Go."))
    list(chat.regenerate(chat.messages()[-1].id))
    question, answer = chat.messages()
    assert answer.message.text == "Two."
    assert answer.parent == question.id
    assert len(answer.siblings) == 2


def test_a_call_that_was_cut_off_by_a_crash_has_a_result_in_the_next_prompt(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, [call("shout", "hi"), "Done."], box)
    for event in chat.send("Go."):
        if isinstance(event, AnswerFinished):
            break
    list(chat.send("And?"))
    assert "whether it ran is not known" in requests(chat)[-1]


def test_a_front_end_that_goes_away_while_a_tool_runs_loses_no_result(store: Store) -> None:
    box = Box(tool("shout"))
    chat = session(store, [call("shout", "hi") + call("shout", "wait"), "Done."], box)
    events = chat.send("Go.")
    for event in events:
        if isinstance(event, CallFinished):
            break
    events.close()
    row = chat.messages()[-1].message
    done, stopped = row.results
    assert (done.ok, done.text) == (True, "HI")
    assert (stopped.ok, "stopped" in stopped.text) == (False, True)


def test_a_tool_that_raises_in_our_own_code_ends_no_turn(store: Store) -> None:
    def run(*_: object) -> Outcome:
        raise OSError(24, "Too many open files")

    box = Box(tool("shout"))
    box.box = Toolbox([tool("shout")], run=run)
    chat = session(store, [call("shout", "hi"), "Done."], box)
    (result,) = results(list(chat.send("Go.")))
    assert (result.ok, result.text) == (False, "The call of shout failed (OSError).")
    assert chat.messages()[-1].message.text == "Done."


def test_calls_beyond_the_limit_are_kept_and_answered(store: Store) -> None:
    box = Box(tool("shout"))
    settings = Settings(tools=ToolSettings(most_calls=2))
    many = ", ".join(f'{{"name": "shout", "arguments": {{"text": "{x}"}}}}' for x in "abcd")
    chat = session(
        store, [f"[TOOL_CALLS][{many}]", "Done."], box, "[TOOL_CALLS]", settings=settings
    )
    list(chat.send("Go."))
    row = chat.messages()[2].message
    assert [result.ok for result in row.results] == [True, True, False, False]
    assert len(chat.messages()[1].message.calls) == 4


def nobody(question: Question) -> Decision:
    raise AssertionError("there is nothing to ask")


def test_wrong_arguments_are_told_to_the_model_alone(store: Store) -> None:
    box = Box(tool("act", "writes"))
    wrong = call("act", "x").replace('"text"', '"txt"')
    chat = session(store, [wrong, "Done."], box, approve=nobody)
    (result,) = results(list(chat.send("Go.")))
    assert 'act has no argument "txt"' in result.text
    assert box.calls == []


def test_long_results_are_cut_to_the_window(store: Store) -> None:
    box = Box(tool("shout"), results={"shout": "1 2 " * 5_000})
    chat = session(store, [call("shout", "a") + call("shout", "b"), "Done."], box)
    list(chat.send("Go."))
    texts = [result.text for result in chat.messages()[2].message.results]
    assert all(text.endswith("more characters do not fit.]") for text in texts)
    assert chat.messages()[-1].message.text == "Done."


def test_tools_that_do_not_fit_are_left_out_and_named_once(store: Store) -> None:
    box = Box(*(tool(f"tool{number}") for number in range(60)))
    chat = session(store, ["Hi."], box)
    first, second = (
        [event.text for event in chat.send("Go.") if isinstance(event, Remark)] for _ in "ab"
    )
    assert len(first) == 1
    assert "no room for these tools: " in first[0]
    assert "tool59" in first[0]
    assert second == []


def test_tools_are_opened_only_for_a_model_that_is_told_of_them(store: Store) -> None:
    opened: list[object] = []

    def open_tools(stop: object) -> Toolbox:
        opened.append(stop)
        return Toolbox([tool("shout")])

    off = Settings(tools=ToolSettings(offer="off"))
    for settings, count in ((off, 0), (Settings(), 1)):
        engine = ScriptedEngine(["Hi."], template=HERMES)
        list(Session(store, engine, settings, entry(), open_tools=open_tools).send("Go."))
        assert len(opened) == count


def test_what_the_parser_holds_back_survives_a_crash(store: Store) -> None:
    begun = 'Well. <tool_call>{"name": "shout", "arguments": {"text": "a b c'
    chat = session(store, [Script(begun, crash_at=18)], Box(tool("shout")))
    with pytest.raises(EngineCrashed):
        list(chat.send("Go."))
    stored = chat.messages()[-1]
    assert stored.status == "failed"
    assert stored.message.text.startswith('Well. <tool_call>{"name": "shout"')


def test_calls_are_held_to_their_schemas_unless_switched_off(store: Store) -> None:
    box = Box(tool("shout"))
    free = Settings(tools=ToolSettings(grammar=False))
    for settings, held in ((Settings(), True), (free, False)):
        chat = session(store, ["Hi."], box, settings=settings)
        list(chat.send("Go."))
        (request,) = chat.engine.requests  # type: ignore[attr-defined]
        assert any("shout" in constraint.grammar for constraint in request.constraints) is held


def test_grammars_are_made_once_a_turn(store: Store) -> None:
    call = '<tool_call>{"name": "shout", "arguments": {"text": "a"}}</tool_call>'
    chat = session(store, [call, "Done."], Box(tool("shout")))
    list(chat.send("Go."))
    first, second = chat.engine.requests  # type: ignore[attr-defined]
    assert first.constraints
    assert second.constraints is first.constraints


def test_results_are_kept_although_the_engine_died_meanwhile(store: Store) -> None:
    chat = session(store, [call("shout", "hi"), "Done."], Box(tool("shout")))

    def dead(text: str) -> tuple[int, ...]:
        raise EngineCrashed("The engine crashed; send the message again.")

    for event in chat.send("Go."):
        if isinstance(event, CallFinished):
            chat.engine.tokenize = dead  # type: ignore[method-assign]
        if isinstance(event, ResultsSaved):
            break
    assert [result.text for result in chat.messages()[-1].message.results] == ["HI"]
