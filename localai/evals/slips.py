"""What must not be in an answer: markers of chat templates, and turns that nobody took.

Pure. Which markers a vocabulary has is the caller's to say; those of the usual templates are
known here, as a model can also spell them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARKER = re.compile(
    r"<\|[\w ./-]{1,40}\|>|<[｜][^<>\n]{1,40}[｜]>|\[/?INST\]|<</?SYS>>|</?s>|<bos>|<eos>|<pad>"
    r"|<(?:start|end)_of_turn>|</?(?:tool_call|tool_response|think)>|\[/?(?:TOOL_CALLS|AVAILABLE_TOOLS)\]"
)
_BRACKETED = re.compile(r"[<\[|].*\w.*[>\]|]", re.DOTALL)
_TURN = re.compile(
    r"^\W{0,3}(?:user|human|question|assistant|bot|system|instruction|input|customer|q)\W{0,3}:"
    r"|^#{2,4} *(?:user|human|assistant|instruction|input|response|question)\b"
    r"|^(?:user|human|assistant|system)\s*$",
    re.IGNORECASE | re.MULTILINE,
)


def marker(text: str, control: Iterable[str] = ()) -> str:
    """The first marker in a text: one of a usual template, or one of these that looks like a
    marker; "" where there is none."""
    if known := _MARKER.search(text):
        return known[0]
    return next((each for each in control if _BRACKETED.fullmatch(each) and each in text), "")


def invented_turn(text: str) -> str:
    """The beginning of a turn that a text goes on with after its own: a line that begins with
    who speaks, or is only that; "" where there is none."""
    found = _TURN.search(text)
    return found[0].strip() if found else ""
