"""Cutting a text into passages for a search, and a passage to what a reader needs of it. Pure.

Each passage costs the same whatever the text is like, so no text can be made to take long.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

MOST_WORDS = 300
MOST_CHARACTERS = 3_000

_BEFORE = 120
_SPACE = re.compile(r"\s*")
_ENDS = ("\n\n", "\n", " ")
# Marks of a search and whatever else could drive a terminal are no part of a note.
_CONTROLS = {code: " " for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def split(text: str) -> Iterator[tuple[int, str]]:
    """(first line, passage) from the start to the end; lines are counted from 1.

    A passage has at most MOST_WORDS and MOST_CHARACTERS, and ends, where there is one in its
    last third, at an empty line, else at the end of a line or of a word.
    """
    text = text.replace("\r\n", "\n").translate(_CONTROLS)
    at, line = 0, 1
    while (begin := _first_sign(text, at)) < len(text):
        line += text.count("\n", at, begin)
        end = _end(text, begin)
        yield line, text[begin:end].rstrip()
        line += text.count("\n", begin, end)
        at = end


def window(pieces: Sequence[tuple[str, bool]], most: int) -> tuple[int, str]:
    """(lines before it, some `most` characters) of a passage, from where the most matched.

    `pieces` are (text, True where it matched).
    """
    text = "".join(piece for piece, _ in pieces)
    if len(text) <= most:
        return 0, text
    starts, at = [], 0
    for piece, matched in pieces:
        starts += [at] if matched else []
        at += len(piece)
    near = [bisect_left(starts, at + most - _BEFORE) - n for n, at in enumerate(starts)]
    best = starts[near.index(max(near))] if starts else 0
    begin = _word_start(text, min(max(best - _BEFORE, 0), len(text) - most), best)
    begin = _first_sign(text, begin)
    end = begin + most
    if end < len(text):
        space = max(text.rfind(" ", best + 1, end), text.rfind("\n", best + 1, end))
        end = space if space > 0 else end
    shown = text[begin:end].strip()
    before = text.count("\n", 0, begin)
    return before, ("…" if begin else "") + shown + ("…" if end < len(text) else "")


def _first_sign(text: str, at: int) -> int:
    """Where the space ends that begins at `at`."""
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _end(text: str, begin: int) -> int:
    """Where the passage ends that begins at `begin`."""
    chunk = text[begin : begin + MOST_CHARACTERS]
    parts = chunk.split(None, MOST_WORDS)
    if len(parts) > MOST_WORDS:
        chunk = chunk[: -len(parts[-1])]
    elif begin + len(chunk) == len(text):
        return len(text)
    for sign in _ENDS:
        found = chunk.rfind(sign, 2 * len(chunk) // 3)
        if found >= 0:
            return begin + found + 1
    return begin + len(chunk)


def _word_start(text: str, at: int, latest: int) -> int:
    """The first start of a line at or after `at`, else of a word, and no later than `latest`."""
    if not at:
        return 0
    for sign in "\n ":
        found = text.find(sign, at - 1, latest)
        if found >= 0:
            return found + 1
    return at
