"""Where contents lie in a rendered prompt, found by rendering it twice.

A template is a program, so nothing says which part of its output is whose. The same
conversation is rendered once as it is and once with numbered placeholders as contents:
the text between the placeholders is the template's own, and matching it against the
first rendering yields every content's exact place, whatever the template trimmed. When
the two do not match, the layout is unknown; nothing is guessed. Pure.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["system", "user", "tool", "text", "reasoning", "call", "prefill", "repeated"]


@dataclass(frozen=True)
class Hole:
    """One content of the conversation: the `text` of message number `turn`."""

    turn: int
    kind: Kind
    text: str


@dataclass(frozen=True)
class Span:
    """`[start, stop)` of the prompt holds content of message `turn`; "repeated" where a
    template writes a content again, as the name of a call beside its result."""

    start: int
    stop: int
    turn: int
    kind: Kind


class Slots:
    """Hands out placeholders for contents and remembers which is which.

    `keep_blank`: contents of white space only stay as they are, for templates that
    treat empty messages differently.
    """

    def __init__(self, mark: str, keep_blank: bool = False) -> None:
        self._mark = mark
        self._keep_blank = keep_blank
        self._pattern = re.compile(f"{re.escape(mark)}([0-9]+){re.escape(mark)}")
        self.holes: list[Hole] = []

    def __call__(self, turn: int, kind: Kind, text: str) -> str:
        """The placeholder for `text`."""
        if self._keep_blank and not text.strip():
            return text
        self.holes.append(Hole(turn, kind, text))
        return f"{self._mark}{len(self.holes) - 1}{self._mark}"

    def split(self, skeleton: str) -> tuple[list[str], list[Hole]]:
        """The template's own texts around the holes, and the holes, in the order of the
        prompt: always one text more than holes."""
        parts = self._pattern.split(skeleton)
        return parts[::2], [self.holes[int(number)] for number in parts[1::2]]


def align(prompt: str, literals: list[str], holes: list[Hole]) -> list[Span] | None:
    """Places of the `holes` in `prompt`, or None where it is not `literals` around them."""
    if not prompt.startswith(literals[0]):
        return None
    at = len(literals[0])
    spans: list[Span] = []
    seen: set[int] = set()
    for hole, after in zip(holes, literals[1:], strict=True):
        for shape in _shapes(hole.text):
            stop = at + len(shape)
            if prompt.startswith(shape, at) and prompt.startswith(after, stop):
                break
        else:
            return None
        repeated = id(hole) in seen
        seen.add(id(hole))
        spans.append(Span(at, stop, hole.turn, "repeated" if repeated else hole.kind))
        at = stop + len(after)
    return spans if at == len(prompt) else None


def _shapes(text: str) -> list[str]:
    """What templates make of a content: as it is, trimmed in one way or another, or
    escaped for JSON once or twice."""
    shapes = [text]
    for shape in (
        text.strip(),
        text.lstrip(),
        text.rstrip(),
        text.strip("\n"),
        text.lstrip("\n"),
        text.rstrip("\n"),
    ):
        if shape not in shapes:
            shapes.append(shape)
    if re.search(r'["\\\x00-\x1f]', text):
        once = json.dumps(text, ensure_ascii=False)[1:-1]
        shapes += [once, json.dumps(text.strip(), ensure_ascii=False)[1:-1]]
        shapes.append(json.dumps(once, ensure_ascii=False)[1:-1])
    return shapes
