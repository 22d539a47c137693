"""Writes calls the way models do, one function for each format. For the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localai.tools.parse.minimax import MARK

Call = tuple[str, dict[str, Any]]
Write = Callable[[Sequence[Call]], str]


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def bare(value: Any) -> str:
    """A value as a tag's text."""
    return value if isinstance(value, str) else dumps(value)


def each(before: str, after: str, key: str = "arguments") -> Write:
    """One JSON object between markers for each call."""
    return lambda calls: "\n".join(
        f"{before}{dumps({'name': name, key: arguments})}{after}" for name, arguments in calls
    )


def array(before: str, after: str, name: str = "name", arguments: str = "arguments") -> Write:
    """One JSON array for all calls."""
    return lambda calls: (
        before + dumps([{name: tool, arguments: values} for tool, values in calls]) + after
    )


def framed(start: str, end: str, call: str) -> Write:
    """`call` is a pattern of NAME, JSON and N, the number of the call."""

    def write(calls: Sequence[Call]) -> str:
        parts = (
            call.replace("NAME", name).replace("N#", str(number)).replace("JSON", dumps(arguments))
            for number, (name, arguments) in enumerate(calls)
        )
        return start + "".join(parts) + end

    return write


def tagged(start: str, end: str, call: str, parameter: str, call_end: str) -> Write:
    """Tags; patterns of NAME, KEY, VALUE, and STRING (true or false)."""

    def write(calls: Sequence[Call]) -> str:
        text = start
        for name, arguments in calls:
            text += call.replace("NAME", name)
            for key, value in arguments.items():
                string = str(isinstance(value, str)).lower()
                head, tail = parameter.replace("KEY", key).replace("STRING", string).split("VALUE")
                text += head + bare(value) + tail
            text += call_end
        return text + end

    return write


def separately(write: Write) -> Write:
    """Each call on its own."""
    return lambda calls: "\n".join(write([call]) for call in calls)


def pythonic(before: str, after: str) -> Write:
    """A list of calls in Python."""
    return lambda calls: before + "[" + ", ".join(map(python, calls)) + "]" + after


def python(call: Call) -> str:
    """A call in Python."""
    name, arguments = call
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def gemma(calls: Sequence[Call]) -> str:
    return "".join(f"<|tool_call>call:{n}{_braces(a)}<tool_call|>" for n, a in calls)


def _braces(value: Any) -> str:
    if isinstance(value, str):
        return f'<|"|>{value}<|"|>'
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_braces(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_braces, value)) + "]"
    return dumps(value)


def minimax(calls: Sequence[Call]) -> str:
    text = f"{MARK}<tool_call>\n"
    for name, arguments in calls:
        members = "".join(_element(key, value) for key, value in arguments.items())
        text += f'{MARK}<invoke name="{name}">{members}{MARK}</invoke>\n'
    return f"{text}{MARK}</tool_call>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_element(key, each) for key, each in value.items())
    elif isinstance(value, list):
        inner = "".join(_element("item", each) for each in value)
    else:
        inner = bare(value)
    return f"{MARK}<{name}>{inner}{MARK}</{name}>"


def openai(calls: Sequence[Call]) -> str:
    functions = [{"name": name, "arguments": dumps(arguments)} for name, arguments in calls]
    listed = [{"id": f"c{n}", "type": "function", "function": f} for n, f in enumerate(functions)]
    return dumps({"tool_calls": listed})


_QWEN = ("<function=NAME>\n", "<parameter=KEY>\nVALUE\n</parameter>\n", "</function>\n")
_DSML = (
    '<｜DSML｜invoke name="NAME">\n',
    '<｜DSML｜parameter name="KEY" string="STRING">VALUE</｜DSML｜parameter>\n',
    "</｜DSML｜invoke>\n",
)
_DEEPSEEK = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME\n```json\nJSON\n```<｜tool▁call▁end｜>"
_KIMI = "<|tool_call_begin|>functions.NAME:N#<|tool_call_argument_begin|>JSON<|tool_call_end|>"
_KIMI_3 = (
    '<|open|>call tool="NAME" index="1"<|sep|>',
    '<|open|>argument key="KEY" type="any"<|sep|>VALUE<|close|>argument<|sep|>',
    "<|close|>call<|sep|>",
)
_HARMONY = "<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>JSON<|call|>"

JSON_WRITERS: dict[str, tuple[str, Write]] = {
    "hermes": ("hermes", each("<tool_call>\n", "\n</tool_call>")),
    "llama3": ("llama3", lambda calls: "; ".join(each("", "", "parameters")([c]) for c in calls)),
    "llama3 tag": ("llama3", separately(each("<|python_tag|>", "<|eom_id|>", "parameters"))),
    "functionary": ("functionary", framed("", "", "<function=NAME>JSON</function>")),
    "openai": ("openai", openai),
    "mistral array": ("mistral", array("[TOOL_CALLS] ", "")),
    "mistral": ("mistral", framed("", "", "[TOOL_CALLS]NAME[ARGS]JSON")),
    "mistral id": ("mistral", framed("", "", "[TOOL_CALLS]NAME[CALL_ID]00000000N#[ARGS]JSON")),
    "deepseek": (
        "deepseek",
        framed("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", _DEEPSEEK),
    ),
    "deepseek 3.1": (
        "deepseek",
        framed(
            "<｜tool▁calls▁begin｜>",
            "<｜tool▁calls▁end｜>",
            "<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>JSON<｜tool▁call▁end｜>",
        ),
    ),
    "kimi-k2": (
        "kimi-k2",
        framed("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", _KIMI),
    ),
    "harmony": ("harmony", framed("", "", "<|start|>assistant" + _HARMONY)),
    "cohere": (
        "cohere",
        array("<|START_ACTION|>", "<|END_ACTION|>", "tool_name", "parameters"),
    ),
    "granite": ("granite", array("<|tool_call|>", "")),
    "apriel": ("apriel", array("<tool_calls>", "</tool_calls>")),
    "apertus": (
        "apertus",
        lambda calls: f"<|tools_prefix|>{dumps([{n: a} for n, a in calls])}<|tools_suffix|>",
    ),
    "nemotron": ("nemotron", array("<TOOLCALL>", "</TOOLCALL>")),
    "firefunction": ("firefunction", array(" functools", "")),
    "gigachat": ("gigachat", array("<|message_sep|>\n\nfunction call<|role_sep|>\n", "")),
}
"""Formats with JSON arguments: the format's name and its writer, by the variant's name."""

TAG_WRITERS: dict[str, tuple[str, Write, str]] = {
    "qwen3-coder": (
        "qwen3-coder",
        separately(tagged("<tool_call>\n", "</tool_call>", *_QWEN)),
        "</parameter>",
    ),
    "seed-oss": (
        "seed-oss",
        tagged("<seed:tool_call>\n", "</seed:tool_call>", *_QWEN),
        "</parameter>",
    ),
    "minimax-m2": (
        "minimax-m2",
        tagged(
            "<minimax:tool_call>\n",
            "</minimax:tool_call>",
            '<invoke name="NAME">\n',
            '<parameter name="KEY">VALUE</parameter>\n',
            "</invoke>\n",
        ),
        "</parameter>",
    ),
    "deepseek-v3.2": (
        "deepseek-v3.2",
        tagged("<｜DSML｜function_calls>\n", "</｜DSML｜function_calls>", *_DSML),
        "</｜DSML｜parameter>",
    ),
    "kimi-k3": (
        "kimi-k3",
        tagged("<|open|>tools<|sep|>", "<|close|>tools<|sep|>", *_KIMI_3),
        "<|close|>argument",
    ),
    "minicpm": (
        "minicpm",
        tagged(
            "",
            "",
            '<function name="NAME">',
            '<param name="KEY">VALUE</param>',
            "</function>",
        ),
        "</param>",
    ),
    "glm": (
        "glm",
        separately(
            tagged(
                "<tool_call>",
                "</tool_call>",
                "NAME\n",
                "<arg_key>KEY</arg_key>\n<arg_value>VALUE</arg_value>\n",
                "",
            )
        ),
        "</arg_value>",
    ),
}
"""Formats with tags: as above, and what a value cannot hold."""

PYTHON_WRITERS: dict[str, tuple[str, Write]] = {
    "pythonic": ("pythonic", pythonic("", "")),
    "lfm2": ("lfm2", pythonic("<|tool_call_start|>", "<|tool_call_end|>")),
    "llama3 python": (
        "llama3",
        lambda calls: "\n".join(f"<|python_tag|>{python(call)}" for call in calls),
    ),
    "inline": ("inline", lambda calls: "\n".join(map(python, calls))),
}
"""Formats written as Python."""
