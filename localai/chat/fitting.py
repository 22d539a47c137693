"""Cuts the results of tools so that they fit into what is left of the context window. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from localai.conversation import ToolResult

LEAST = 16
"""Tokens that are kept of any result."""
MARKUP = 32
"""Tokens that a template writes around a result, at most, and around the next answer."""


def fitted(
    results: Sequence[ToolResult], room: int, count: Callable[[str], int]
) -> tuple[ToolResult, ...]:
    """The results in `room` tokens, by `count`, markup included: short ones whole, long ones
    cut to an equal share of the rest, with a note that says so."""
    left = room - MARKUP * (len(results) + 1)
    lengths = [count(result.text) for result in results]
    cut: dict[int, ToolResult] = {}
    for done, number in enumerate(sorted(range(len(results)), key=lambda each: lengths[each])):
        share = max(LEAST, left // (len(results) - done))
        result = results[number]
        if lengths[number] > share:
            result = msgspec.structs.replace(result, text=_cut(result.text, share, count))
        cut[number] = result
        left -= min(lengths[number], share)
    return tuple(cut[number] for number in range(len(results)))


def _cut(text: str, most: int, count: Callable[[str], int]) -> str:
    """The beginning of the text, in `most` tokens with the note behind it."""
    kept = len(text)
    while True:
        shown = f"{text[:kept]}\n[{len(text) - kept:,} more characters do not fit.]"
        tokens = count(shown)
        if tokens <= most or not kept:
            return shown
        kept = min(kept - 1, kept * most // tokens)
