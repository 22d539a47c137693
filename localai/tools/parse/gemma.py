"""Calls of Gemma 4: `<|tool_call>call:f{x:<|"|>text<|"|>,n:1}<tool_call|>`.

The braces hold JSON with bare keys and with `<|"|>` for the quotes of strings.
"""

from __future__ import annotations

import json
import re

from localai.conversation import ToolCall
from localai.tools.parse.calls import Context, Unmarked, call, decode_object
from localai.tools.parse.source import Markers, Source, Steps

OPEN, CLOSE = "<|tool_call>", "<tool_call|>"
QUOTE = '<|"|>'

_END = Markers([CLOSE])
_NAME = re.compile(r"[\w./-]+")
_KEY = re.compile(r"(?<=[{,])(\s*)([^\s{}\[\]\",:]+)(?=\s*:)")


def read(source: Source, context: Context) -> Steps[list[ToolCall]]:
    """Reads what follows OPEN."""
    if not (yield from source.literal("call:")):
        raise Unmarked("no call follows")
    name = yield from source.run(_NAME)
    text, _ = yield from source.upto(_END)
    parts = text.split(QUOTE)
    for at, part in enumerate(parts):
        parts[at] = json.dumps(part) if at % 2 else _KEY.sub(r'\1"\2"', part)
    return [call(name, decode_object("".join(parts)))]
