"""The work grows with the length of the text, however small the pieces are.

Counted, not timed: the lines of Python that run, and the text that waits between two
pieces, which is all that is looked at again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

import pytest

from localai.tools.parse import formats
from localai.tools.parse.answer import StreamParser
from localai.tools.parse.calls import Context, collect

MEGABYTE = 10**6
TEXTS = {
    "prose": ("hermes", "a < b and <tool_c or <t <<"),
    "markers": ("hermes", "<tool_call><think></tool_call>"),
    "space": ("hermes", " "),
    "reasoning": ("hermes", "</thin </thi "),
    "brackets": ("llama3", "{[("),
    "closings": ("glm", "</arg_value>\n"),
    "headers": ("harmony", "<|channel|>"),
}
OPENINGS = {
    "reasoning": "<think>",
    "brackets": '{"name": ["',
    "closings": "<tool_call>f<arg_key>k</arg_key><arg_value>",
}


def pieces(kind: str, length: int, size: int) -> Iterable[str]:
    text = OPENINGS.get(kind, "") + TEXTS[kind][1] * (length // len(TEXTS[kind][1]))
    return (text[at : at + size] for at in range(0, len(text), size))


def steps(kind: str, length: int, size: int) -> int:
    """Lines that run while `length` characters are read in pieces of `size`."""
    count = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    parser = formats.parser(TEXTS[kind][0], Context())
    before = sys.gettrace()
    sys.settrace(line)
    try:
        for piece in pieces(kind, length, size):
            parser.feed(piece)
        parser.end()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", TEXTS)
def test_twice_the_text_is_twice_the_work(kind: str) -> None:
    for size in (1, 10**9):
        small, large = steps(kind, 3_000, size), steps(kind, 6_000, size)
        assert large <= 2.1 * small + 200


@pytest.mark.parametrize("kind", TEXTS)
def test_no_more_than_a_marker_waits(kind: str) -> None:
    parser = formats.parser(TEXTS[kind][0], Context())
    assert isinstance(parser, StreamParser)
    for piece in pieces(kind, 20_000, 7):
        parser.feed(piece)
        assert parser.waiting <= 64


def test_a_megabyte_is_read() -> None:
    for kind in TEXTS:
        parser = formats.parser(TEXTS[kind][0], Context())
        found = [event for piece in pieces(kind, MEGABYTE, 4096) for event in parser.feed(piece)]
        parsed = collect([*found, *parser.end()])
        assert len(parsed.content) + len(parsed.reasoning) > 0.9 * MEGABYTE
