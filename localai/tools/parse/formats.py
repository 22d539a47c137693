"""The formats by name, and which one a model writes.

Adding a model means adding a line to FORMATS, and its markers to SIGNATURES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from localai.tools.parse import framed_calls, gemma, harmony, inline, json_calls, minimax, pythonic
from localai.tools.parse import xml_calls as xml
from localai.tools.parse.answer import LINE_ENDS, Section, StreamParser, Style
from localai.tools.parse.answer import parser as styled
from localai.tools.parse.calls import Context, Parser
from localai.tools.parse.output import Trim


def _json(open: str, close: str = "", shape: json_calls.Shape = json_calls.listed) -> Section:
    return Section(open, json_calls.section(close, shape), close)


_TOOL_CALL = ("<tool_call>", "</tool_call>")
_FUNCTION = Section("<function=", framed_calls.function, "</function>")
_COHERE_HIDDEN = tuple(
    f"<|{edge}_{part}|>" for edge in ("START", "END") for part in ("RESPONSE", "TEXT")
)
_KIMI_HIDDEN = tuple(
    f"<|{edge}|>{part}<|sep|>" for edge in ("open", "close") for part in ("response", "message")
)

STYLES = {
    "hermes": Style((_json(*_TOOL_CALL),)),
    "qwen3-coder": Style(
        (xml.wrapped(xml.QWEN, *_TOOL_CALL), xml.single(xml.QWEN, _TOOL_CALL[1])),
        trim=Trim(content=False),
        calls_end_thinking=True,
    ),
    "glm": Style(
        (Section("<tool_call>", xml.pairs("</tool_call>"), "</tool_call>"),),
        hidden=(*LINE_ENDS, "<|role_end|>"),
        trim=Trim(reasoning=False),
    ),
    "llama3": Style(
        (
            Section("<|python_tag|>", json_calls.or_else("{", pythonic.single)),
            _FUNCTION,
        ),
        starts=("{",),
        bare=json_calls.bare,
    ),
    "openai": Style((), starts=("{",), bare=json_calls.bare),
    "pythonic": Style((), starts=("[",), bare=pythonic.listed()),
    "lfm2": Style(
        (Section("<|tool_call_start|>", pythonic.listed("<|tool_call_end|>"), "<|tool_call_end|>"),)
    ),
    "mistral": Style(
        (Section("[TOOL_CALLS]", framed_calls.mistral),), thinking=("[THINK]", "[/THINK]")
    ),
    "deepseek": Style(framed_calls.sections(framed_calls.DEEPSEEK)),
    "deepseek-v3.2": Style(
        tuple(
            xml.wrapped(xml.DSML, f"<｜DSML｜{name}>", f"</｜DSML｜{name}>")
            for name in ("function_calls", "tool_calls")
        )
    ),
    "kimi-k2": Style(framed_calls.sections(framed_calls.KIMI), calls_end_thinking=True),
    "kimi-k3": Style(
        (xml.wrapped(xml.KIMI, "<|open|>tools<|sep|>", "<|close|>tools<|sep|>"),),
        thinking=("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
        hidden=(*LINE_ENDS, *_KIMI_HIDDEN),
    ),
    "minimax-m2": Style((xml.wrapped(xml.INVOKE, "<minimax:tool_call>", "</minimax:tool_call>"),)),
    "minimax-m3": Style(
        (Section(minimax.OPEN, minimax.read, minimax.CLOSE),),
        thinking=("<mm:think>", "</mm:think>"),
    ),
    "minicpm": Style((xml.single(xml.MINICPM),)),
    "seed-oss": Style(
        (xml.wrapped(xml.QWEN, "<seed:tool_call>", "</seed:tool_call>"),),
        thinking=("<seed:think>", "</seed:think>"),
    ),
    "gemma4": Style(
        (Section(gemma.OPEN, gemma.read, gemma.CLOSE),),
        thinking=("<|channel>", "<channel|>"),
        hidden=(*LINE_ENDS, "<channel|>"),
        thinks_anywhere=True,
        label="thought\n",
    ),
    "cohere": Style(
        (_json("<|START_ACTION|>", "<|END_ACTION|>"),),
        thinking=("<|START_THINKING|>", "<|END_THINKING|>"),
        hidden=(*LINE_ENDS, *_COHERE_HIDDEN),
    ),
    "granite": Style(
        (_json("<|tool_call|>"), _json(*_TOOL_CALL)),
        hidden=(*LINE_ENDS, "<response>", "</response>"),
    ),
    "apriel": Style((_json("<tool_calls>", "</tool_calls>"),)),
    "apertus": Style(
        (_json("<|tools_prefix|>", "<|tools_suffix|>", json_calls.keyed),),
        thinking=("<|inner_prefix|>", "<|inner_suffix|>"),
    ),
    "nemotron": Style((_json("<TOOLCALL>", "</TOOLCALL>"),)),
    "functionary": Style((_FUNCTION,)),
    "firefunction": Style((_json("functools"),)),
    "gigachat": Style((_json("<|message_sep|>\n\nfunction call<|role_sep|>\n"),)),
}

Make = Callable[[Context], Parser]


def _make(style: Style) -> Make:
    return lambda context: styled(style, context)


FORMATS: dict[str, Make] = {
    **{name: _make(style) for name, style in STYLES.items()},
    "harmony": lambda context: StreamParser(harmony.read, context),
    "inline": lambda context: styled(inline.style(context), context),
}
"""A parser for one answer, by the format's name."""

DEFAULT = "inline"
"""For models that know no format."""

TELL_REASONING = frozenset({"harmony"})
"""The formats in which reasoning is told apart by the same markup as calls."""

_WITHIN: dict[str, tuple[str, ...]] = {
    "harmony": (harmony.START, harmony.CHANNEL, harmony.MESSAGE, "<|constrain|>", *harmony.ENDS),
    "mistral": ("[ARGS]", "[CALL_ID]"),
    "deepseek": framed_calls.DEEPSEEK,
    "kimi-k2": framed_calls.KIMI,
    "kimi-k3": ("<|open|>", "<|close|>", "<|sep|>"),
    "gemma4": (gemma.QUOTE,),
    "glm": ("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
    "qwen3-coder": ("<function=", "</function>", "<parameter=", "</parameter>"),
    "deepseek-v3.2": ("｜DSML｜",),
}
"""Markers within the sections of a format that vocabularies may have as tokens."""

SIGNATURES = (
    ("harmony", ("<|channel|>",)),
    ("gemma4", ("<|tool_call>", "<|channel>")),
    ("kimi-k3", ("<|open|>",)),
    ("kimi-k2", ("<|tool_call_begin|>", "<|tool_calls_section_begin|>")),
    ("minimax-m3", ("]<]minimax[>[",)),
    ("minimax-m2", ("<minimax:tool_call>",)),
    ("deepseek-v3.2", ("<｜DSML｜", "｜DSML｜")),
    ("deepseek", ("<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>")),
    ("seed-oss", ("<seed:tool_call>",)),
    ("glm", ("<arg_key>",)),
    ("qwen3-coder", ("<parameter=",)),
    ("minicpm", ('<function name="',)),
    ("apertus", ("<|tools_prefix|>",)),
    ("cohere", ("<|START_ACTION|>", "<|START_RESPONSE|>", "<|START_TEXT|>")),
    ("lfm2", ("<|tool_call_start|>",)),
    ("gigachat", ("function call<|role_sep|>",)),
    ("nemotron", ("<TOOLCALL>",)),
    ("apriel", ("<tool_calls>",)),
    ("mistral", ("[TOOL_CALLS]",)),
    ("granite", ("<|tool_call|>", "<response>")),
    ("hermes", ("<tool_call>",)),
    ("llama3", ("<|python_tag|>",)),
    ("functionary", ("<function=",)),
    ("firefunction", ("functools[",)),
)
"""Markers that name a format, in a template or in an answer: the first line that fits."""

_CALL_AT_START = (
    ("llama3", re.compile(r'\s*\{\s*"(?:name|type|function|parameters|tool_calls)"')),
    ("pythonic", re.compile(r"\s*\[\s*[\w.]+\(")),
    ("mistral", re.compile(r"\s*\[THINK\]")),
)


def choose(template: str, vocabulary: Collection[str] = ()) -> str:
    """The format of a model, judged from its chat template or else from the tokens of its
    vocabulary; DEFAULT for one that shows no sign of any."""
    for name, markers in SIGNATURES:
        if any(marker in template for marker in markers):
            return name
    if '"parameters":' in template and '{"name":' in template:
        return "llama3"
    for name, markers in SIGNATURES:
        if any(marker in vocabulary for marker in markers):
            return name
    return DEFAULT


def recognize(answer: str) -> str:
    """The format that a whole answer was written in, as far as it shows."""
    name = choose(answer)
    fits = (each for each, pattern in _CALL_AT_START if pattern.match(answer))
    return next(fits, name) if name in (DEFAULT, "llama3") else name


def markers(name: str) -> tuple[str, ...]:
    """The markers that a parser of the format has to see, where they are control tokens."""
    within = _WITHIN.get(name, ())
    if name not in STYLES:
        return within
    style = STYLES[name]
    sections = (edge for section in style.sections for edge in (section.open, section.close))
    return tuple(dict.fromkeys(edge for edge in (*sections, *style.thinking, *within) if edge))


def parser(name: str, context: Context | None = None) -> Parser:
    """A parser for one answer in the format `name`. Raises KeyError for an unknown one."""
    return FORMATS[name](context or Context())
