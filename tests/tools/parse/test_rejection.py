"""What is no well-formed call is never run, and none of its text gets lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.tools.parse import formats
from localai.tools.parse.calls import DEPTH, LIMIT, Context, collect
from localai.tools.parse.source import Markers
from tests.tools.parse.reading import called, cut, events, every_split, kinds, read, rejected

MALFORMED = [
    ("hermes", '<tool_call>{"name": "f", "arguments": {"x": 2*3}}</tool_call>'),
    ("hermes", "<tool_call>{'name': 'f', 'arguments': {}}</tool_call>"),
    ("hermes", '<tool_call>{"name": "f", "arguments": [1]}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f", "arguments": "text"}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f"}</tool_call>'),
    ("hermes", '<tool_call>{"name": "", "arguments": {}}</tool_call>'),
    ("hermes", '<tool_call>{"name": "rm -rf", "arguments": {}}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"x": NaN}}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"x": 1e999}}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"x": "\\ud800"}}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"x": "unfinished'),
    ("hermes", '<tool_call>{"name": "f", "arguments": {}} and more</tool_call>'),
    ("hermes", '<tool_call>[{"name": "f", "arguments": {}}, {"name": 1}]</tool_call>'),
    ("hermes", "<tool_call>{" + '"a":{' * DEPTH + "}" * DEPTH + "}</tool_call>"),
    (
        "hermes",
        '<tool_call>{"name": broken <tool_call>{"name":"f","arguments":{}}</tool_call>',
    ),
    ("qwen3-coder", "<tool_call>\n<function=f>\n<parameter=x>\n1\n</parameter>"),
    ("qwen3-coder", "<tool_call>\n<function=f>\nx=1\n</function>\n</tool_call>"),
    ("glm", "<tool_call>f<arg_key>x</arg_key>1</tool_call>"),
    ("mistral", '[TOOL_CALLS]f[ARGS]{"x": }'),
    ("mistral", "[TOOL_CALLS][]"),
    ("deepseek", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>1"),
    ("harmony", "<|channel|>commentary to=functions.f<|message|>print(1)"),
    ("lfm2", "<|tool_call_start|>[f(x=open('a').read())]<|tool_call_end|>"),
    ("lfm2", "<|tool_call_start|>[f(x=1, x=2)]<|tool_call_end|>"),
    ("lfm2", "<|tool_call_start|>[f(**{'x': 1})]<|tool_call_end|>"),
    ("pythonic", "[f(x=" + "-" * 60_000 + "1)]"),
    ("pythonic", "[f(x=" + "1+" * 30_000 + "1)]"),
    ("pythonic", '[f(x="\\d"), g(lambda: 1)]'),
    ("gemma4", "<|tool_call>call:f{x:}<tool_call|>"),
    ("minimax-m3", ']<]minimax[>[<tool_call>]<]minimax[>[<invoke name="f">]<]minimax[>[<x>1'),
]


@pytest.mark.parametrize(("name", "text"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_call_stays_text(name: str, text: str) -> None:
    for pieces in every_split(text) if len(text) < 1000 else ([text], list(text)):
        found = events(name, pieces)
        assert called(found) == []
        assert rejected(found)
        if name != "harmony":  # whose end markers are left out
            assert collect(found).content == text


def test_a_good_call_after_a_malformed_one_counts() -> None:
    bad, good = "<tool_call>{x}</tool_call>", '<tool_call>{"name":"f","arguments":{}}</tool_call>'
    parsed = read("hermes", f"{bad}\n{good}")
    assert parsed.content == bad
    assert [call.name for call in parsed.calls] == ["f"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hermes", "Put <tool_call> before it."),
        ("hermes", "If a<b, then <i>b</i> is </tool_call> more."),
        ("hermes", '```json\n{"name": "f", "arguments": {}}\n```'),
        ("hermes", "An answer may think </think> aloud <think>, too."),
        ("llama3", '{"name": "Ada", "born": 1815}'),
        ("llama3", '{"name": "Ada"}'),
        ("llama3", 'As JSON: {"name": "f", "parameters": {}}'),
        ("pythonic", "[1, 2] is a list, [f](x) a link"),
        ("pythonic", "[link](https://example.com)"),
        ("firefunction", "functools.partial is useful"),
        ("mistral", "The marker [TOOL_CALLS] is a token."),
        ("harmony", "No header <|channel|> here"),
        ("inline", 'Write f("x") to call it.\n`f("x")`\nf("x") + 1\n  f("x")'),
        ("inline", "\n\n  indented text \n\n"),
    ],
)
def test_ordinary_text_is_left_alone(name: str, text: str) -> None:
    context = Context(tools={"f": {}})
    for pieces in every_split(text):
        parsed = collect(events(name, pieces, context))
        assert (parsed.content, parsed.reasoning, parsed.calls) == (text, "", ())


def test_text_is_shown_as_soon_as_it_can_be_no_marker() -> None:
    parser = formats.parser("hermes")
    shown = [collect(parser.feed(piece)).content for piece in ("a<", "tool_c", "ase", " <b", ">")]
    assert shown == ["a", "", "<tool_case", " <b", ">"]


@pytest.mark.parametrize("name", ["hermes", "qwen3-coder", "pythonic"])
def test_a_call_has_a_longest_length(name: str) -> None:
    opening = {"hermes": '<tool_call>{"x": "', "qwen3-coder": "<function=f><parameter=x>"}
    text = opening.get(name, '[f(x="') + "a" * (LIMIT + 10)
    for pieces in ([text], [text[: LIMIT - 5], text[LIMIT - 5 :]]):
        found = events(name, pieces)
        assert [len(raw) for raw in rejected(found)] == [LIMIT + len(_marker(name))]
        assert collect(found).content == text


def _marker(name: str) -> str:
    return {"hermes": "<tool_call>", "qwen3-coder": "<function="}.get(name, "")


def test_no_marker_hides_in_another() -> None:
    for style in formats.STYLES.values():
        openings = tuple(section.open for section in style.sections)
        markers = Markers((*style.thinking, *openings, *style.hidden)).all
        for marker in markers:
            inside = [other for other in markers if other in marker and other != marker]
            assert all(marker.endswith(other) for other in inside)


def fragments(name: str) -> list[str]:
    """Pieces of a format's markup, and what calls are made of."""
    style = formats.STYLES.get(name)
    found = ["<|channel|>", "<|message|>", "<|start|>", "<|end|>", " to=functions.f", "analysis"]
    if style:
        found = [*style.thinking, *style.hidden, *(each.open for each in style.sections)]
        found += [each.close for each in style.sections if each.close]
    texts = ["{", "}", "[", "]", "(", ")", '"', "'", "\\", ",", ":", "f(", '"name"', "arguments"]
    texts += ["<parameter=", "</parameter>", "<arg_key>", "[ARGS]", "f", "=", "\n", " ", "<", "|>"]
    return found + texts


@pytest.mark.parametrize("name", formats.FORMATS)
@settings(max_examples=25)
@given(data=st.data())
def test_garbage_raises_nothing_and_loses_nothing(name: str, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from(fragments(name)) | st.text(max_size=3), max_size=25))
    text = "".join(f"{part}§{number}§" for number, part in enumerate(parts))
    places = data.draw(st.lists(st.integers(0, 10**6), max_size=15))
    context = Context(tools={"f": {}}, inside=data.draw(st.booleans()))
    found = events(name, cut(text, places), context)
    assert kinds(found) == kinds(events(name, [text], context))
    parsed = collect(found)
    arguments = json.dumps([call.arguments for call in parsed.calls], ensure_ascii=False)
    everything = parsed.content + parsed.reasoning + arguments
    assert [n for n in range(len(parts)) if f"§{n}§" not in everything] == []
