"""One answer in each format, as models write them; and which format a model writes."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.tools.parse import formats
from localai.tools.parse.calls import Context, collect
from tests.tools.parse.reading import calls, cut, events, every_split, kinds, read


class Case(NamedTuple):
    """`content` and `reasoning` as expected; the call is look(place="Oslo", days=2)."""

    format: str
    text: str
    content: str = ""
    reasoning: str = ""


WEATHER = ("look", {"place": "Oslo", "days": 2})
JSON = '{"place": "Oslo", "days": 2}'
CASES = [
    Case(
        "hermes",
        "<think>\nWhich day?\n</think>\n\nI will look.\n"
        f'<tool_call>\n{{"name": "look", "arguments": {JSON}}}\n</tool_call><|im_end|>',
        "I will look.",
        "Which day?",
    ),
    Case("hermes", f'<tool_call>{{"arguments": {JSON}, "name": "look"}}'),
    Case(
        "qwen3-coder",
        "I'll look.\n<function=look>\n<parameter=place>\nOslo\n</parameter>\n"
        "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        "I'll look.\n",
    ),
    Case(
        "qwen3-coder",
        "<think>\nThe <tool_call> tag, then.\n<tool_call>\n<function=look>\n<parameter=place>"
        "\nOslo\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        "",
        "The <tool_call> tag, then.",
    ),
    Case(
        "glm",
        "</think><tool_call>look<arg_key>place</arg_key><arg_value>Oslo</arg_value>"
        "<arg_key>days</arg_key><arg_value>2</arg_value></tool_call>",
    ),
    Case("llama3", f'\n{{"type": "function", "name": "look", "parameters": {JSON}}}<|eot_id|>'),
    Case("llama3", '<|python_tag|>look.call(place="Oslo", days=2)<|eom_id|>'),
    Case("llama3", f"Sure: <function=look>{JSON}</function>", "Sure:"),
    Case("pythonic", "[look(place='Oslo', days=2)]"),
    Case("lfm2", 'Wait.<|tool_call_start|>[look(place="Oslo",days=2)]<|tool_call_end|>', "Wait."),
    Case(
        "mistral",
        f"[THINK]Oslo, so north.[/THINK]Looking. [TOOL_CALLS]look[ARGS]{JSON}",
        "Looking.",
        "Oslo, so north.",
    ),
    Case("deepseek", f"<｜tool▁call▁begin｜>look<｜tool▁sep｜>{JSON}<｜tool▁call▁end｜>"),
    Case(
        "kimi-k2",
        "<think>Hm.<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0"
        f"<|tool_call_argument_begin|>{JSON}<|tool_call_end|><|tool_calls_section_end|>",
        "",
        "Hm.",
    ),
    Case(
        "kimi-k3",
        "<|open|>think<|sep|>Hm.<|close|>think<|sep|><|open|>response<|sep|>A moment."
        '<|close|>response<|sep|><|open|>tools<|sep|><|open|>call tool="look" index="1"<|sep|>'
        '<|open|>argument key="place" type="string"<|sep|>Oslo<|close|>argument<|sep|>'
        '<|open|>argument key="days" type="number"<|sep|>2<|close|>argument<|sep|>'
        "<|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>",
        "A moment.",
        "Hm.",
    ),
    Case(
        "gemma4",
        '<|channel>thought\nNorth.<channel|>Yes.<|tool_call>call:look{place:<|"|>Oslo<|"|>,'
        "days:2}<tool_call|>",
        "Yes.",
        "North.",
    ),
    Case(
        "cohere",
        "<|START_THINKING|>Hm.<|END_THINKING|><|START_ACTION|>[\n"
        f'{{"tool_call_id": "", "tool_name": "look", "parameters": {JSON}}}\n]<|END_ACTION|>',
        "",
        "Hm.",
    ),
    Case(
        "harmony",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary"
        "<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.look "
        f"<|constrain|>json<|message|>{JSON}<|call|>",
        "I look.",
        "Hm.",
    ),
    Case("harmony", f" to=functions.look<|channel|>commentary<|message|>{JSON}"),
    Case("inline", 'I look it up.\nlook("Oslo", days=2)\n', "I look it up."),
    Case("inline", 'look("Oslo", 2)'),
]
SCHEMA: dict[str, Any] = {
    "look": {"properties": {"place": {"type": "string"}, "days": {"type": "integer"}}}
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.format)
def test_an_answer_is_read_at_every_split(case: Case) -> None:
    context = Context(tools=SCHEMA)
    whole = kinds(events(case.format, [case.text], context))
    for pieces in every_split(case.text):
        found = events(case.format, pieces, context)
        assert kinds(found) == whole
    parsed = collect(found)
    assert calls(parsed) == [WEATHER]
    assert (parsed.content, parsed.reasoning) == (case.content, case.reasoning)


@settings(max_examples=60)
@given(case=st.sampled_from(CASES), data=st.data())
def test_a_mutilated_answer_does_not_depend_on_the_split(case: Case, data: st.DataObject) -> None:
    places = st.integers(0, len(case.text))
    start, end, onto = data.draw(places), data.draw(places), data.draw(places)
    text = case.text[:start] + case.text[end:onto] + case.text[onto:]
    context = Context(tools=SCHEMA, inside=data.draw(st.booleans()))
    whole = kinds(events(case.format, [text], context))
    assert kinds(events(case.format, list(text), context)) == whole
    assert kinds(events(case.format, cut(text, [start, onto]), context)) == whole


def test_every_format_has_a_case_here_or_a_round_trip() -> None:
    from tests.tools.parse import writing

    written = {
        *(each[0] for each in writing.JSON_WRITERS.values()),
        *(each[0] for each in writing.TAG_WRITERS.values()),
        *(each[0] for each in writing.PYTHON_WRITERS.values()),
        *(case.format for case in CASES),
        "minimax-m3",
    }
    assert written == set(formats.FORMATS)


def test_ids_are_those_of_the_model() -> None:
    text = f'[TOOL_CALLS][{{"name": "look", "arguments": {JSON}, "id": "k7Q2mVx9a"}}]'
    assert [call.id for call in read("mistral", text).calls] == ["k7Q2mVx9a"]
    text = f"<|tool_call_begin|>functions.look:3<|tool_call_argument_begin|>{JSON}"
    assert [call.id for call in read("kimi-k2", text).calls] == ["functions.look:3"]


def test_reasoning_that_the_prompt_opened() -> None:
    for text in ("so be it</think>Yes.", "<think>\nso be it\n</think>\n\nYes."):
        parsed = read("hermes", text, Context(inside=True))
        assert (parsed.reasoning, parsed.content) == ("so be it", "Yes.")


def test_reasoning_can_stay_in_the_text() -> None:
    text = 'so <tool_call>{"name": "look", "arguments": {}}</tool_call>\n</think>\n\nYes.'
    parsed = read("hermes", text, Context(inside=True, separate=False))
    assert parsed.content == f"<think>\n{text}"
    assert (parsed.reasoning, parsed.calls) == ("", ())


def test_a_model_may_have_reasoning_markers_of_its_own() -> None:
    context = Context(thinking=("<reasoning>", "</reasoning>"))
    parsed = read("hermes", "<reasoning>Hm.</reasoning>Yes <think>.", context)
    assert (parsed.reasoning, parsed.content) == ("Hm.", "Yes <think>.")


def test_the_schema_tells_a_number_from_a_string() -> None:
    text = "<tool_call>call<arg_key>number</arg_key><arg_value>112</arg_value></tool_call>"
    assert calls(read("glm", text)) == [("call", {"number": 112})]
    for kind in ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}):
        context = Context(tools={"call": {"properties": {"number": kind}}})
        assert calls(read("glm", text, context)) == [("call", {"number": "112"})]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("Write <tool_call>{...}</tool_call> around it.", "hermes"),
        ("<tool_call>\n<function=f>\n<parameter=p>\n", "qwen3-coder"),
        ("{{ '<tool_call>' + name }}<arg_key>", "glm"),
        ("<|start|>assistant<|channel|>final<|message|>", "harmony"),
        ('Respond with {"name": f, "parameters": {...}}', "llama3"),
        ("{{ messages }}", "inline"),
    ],
)
def test_the_format_shows_in_the_template(template: str, name: str) -> None:
    assert formats.choose(template) == name


def test_the_vocabulary_decides_where_the_template_says_nothing() -> None:
    assert formats.choose("{{ messages }}", {"[TOOL_CALLS]", "<s>"}) == "mistral"
    assert formats.choose("<tool_call>", {"[TOOL_CALLS]"}) == "hermes"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.format)
def test_an_answer_shows_its_format(case: Case) -> None:
    shown = formats.recognize(case.text)
    alike = {"functionary": "llama3"}
    assert alike.get(shown, shown) == case.format
