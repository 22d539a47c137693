"""Control strings: finding them in text, and breaking those that a person or a tool typed.

A control string is the text of a token that delimits turns, reasoning or tool calls. In
what a template adds by itself it becomes that token; in anybody's content it must stay
text. Breaking puts a mark, a character found nowhere else in the conversation, inside
the string; `encode` takes the marks out again. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from localai.errors import EngineError

_WIDE = re.compile("[^\x00-\uffff]")
_SYMBOLS = (range(0x1D200, 0x1D246), range(0x13000, 0x13430), range(0xF0000, 0xFFFFE))


class Marks(NamedTuple):
    """Characters that stand in for something during one rendering.

    `soft` breaks a control string; `hard` breaks a string that the tokenizer would
    recognise even in plain text, so that its halves are tokenized apart; `hole` opens
    and closes the number of a placeholder.
    """

    soft: str
    hard: str
    hole: str


def choose_marks(texts: Iterable[str]) -> Marks:
    """Three printable symbols that none of `texts` holds.

    Printable, and not white space, so that neither `trim` nor `repr` in a template
    changes them. Raises EngineError when a text uses every candidate.
    """
    used: set[str] = set()
    for text in texts:
        if not text.isascii():
            used.update(_WIDE.findall(text))
    free = (chr(code) for codes in _SYMBOLS for code in codes)
    chosen = list(islice((mark for mark in free if mark not in used), 3))
    if len(chosen) < 3:
        raise EngineError("This conversation cannot be rendered; remove the unusual symbols.")
    return Marks(*chosen)


@dataclass(frozen=True)
class Controls:
    """A set of strings to look for. `hard` are those to be broken with the hard mark."""

    texts: frozenset[str]
    hard: frozenset[str] = frozenset()
    _lengths: tuple[int, ...] = field(init=False, repr=False)
    _starts: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = frozenset(text for text in self.texts if len(text) > 1)
        firsts = "".join(re.escape(char) for char in sorted({text[0] for text in known}))
        object.__setattr__(self, "texts", known)
        object.__setattr__(self, "_lengths", tuple(sorted({len(t) for t in known}, reverse=True)))
        object.__setattr__(self, "_starts", re.compile(f"[{firsts}]" if firsts else r"(?!)"))

    def find(self, text: str, start: int = 0, stop: int | None = None) -> list[tuple[int, int]]:
        """Where control strings lie in `text[start:stop]`, in order, without overlap.

        Longer strings are taken first wherever they are, as llama.cpp does.
        """
        end = len(text) if stop is None else stop
        starts = [match.start() for match in self._starts.finditer(text, start, end)]
        if not starts:
            return []
        found: list[tuple[int, int]] = []
        for length in self._lengths:
            free = 0
            for at in starts:
                if (
                    at >= free
                    and at + length <= end
                    and text[at : at + length] in self.texts
                    and not any(at < b and a < at + length for a, b in found)
                ):
                    found.append((at, at + length))
                    free = at + length
        return sorted(found)

    def broken(self, text: str, marks: Marks) -> str:
        """`text` with a mark after the first character of every control string."""
        while places := self.find(text):
            pieces: list[str] = []
            at = 0
            for start, stop in places:
                mark = marks.hard if text[start:stop] in self.hard else marks.soft
                pieces += (text[at : start + 1], mark)
                at = start + 1
            text = "".join((*pieces, text[at:]))
        return text
