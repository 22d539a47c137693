"""The text of a stream, for parsers that are written as if all of it were there.

A parser is a generator: each `yield` waits for more text. What these methods take does
not depend on how the text arrived, and unread text between two chunks is never longer
than a marker, so that the work grows with the length of the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from localai.tools.parse.calls import DEPTH, LIMIT, Malformed

T = TypeVar("T")
Steps = Generator[None, None, T]

SPACE = re.compile(r"[ \t\r\n]+")

_BRACKETS = {quotes: re.compile(rf"[][{{}}(){quotes}]") for quotes in ('"', "\"'")}
_QUOTED = {quote: re.compile(rf"[{quote}\\]") for quote in "\"'"}


class Markers:
    """Strings to look for. None may hold another one, except at its end."""

    def __init__(self, markers: Iterable[str]) -> None:
        self.all = tuple(sorted({m for m in markers if m}, key=lambda m: (-len(m), m)))
        self._pattern = re.compile("|".join(map(re.escape, self.all)) or r"(?!)")
        self._beginnings = {m[:length] for m in self.all for length in range(1, len(m))}
        self._longest = max(map(len, self.all), default=1) - 1

    def find(self, text: str, start: int) -> re.Match[str] | None:
        """The first marker from `start` on; of two that end together the longer."""
        return self._pattern.search(text, start)

    def held(self, text: str, start: int) -> int:
        """Length of the longest end of `text` from `start` on that a marker begins with."""
        for length in range(min(self._longest, len(text) - start), 0, -1):
            if text[-length:] in self._beginnings:
                return length
        return 0


class Source:
    """Text that arrives in pieces. Between `keep` and `kept` what is taken is kept as
    well, up to a limit, beyond which Malformed is raised."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._kept: list[str] | None = None
        self._room = 0
        self.ended = False

    @property
    def waiting(self) -> int:
        """Characters that were not taken yet."""
        return len(self._text) - self._at

    def feed(self, text: str) -> None:
        """Append text."""
        self._text = self._text[self._at :] + text
        self._at = 0

    def keep(self, marker: str, limit: int = LIMIT) -> None:
        """From here on keep what is taken, `marker` before it."""
        self._kept, self._room = [marker], limit

    def kept(self) -> str:
        """What was taken since `keep`; keeps no more."""
        kept = "".join(self._kept or ())
        self._kept = None
        return kept

    def take(self, length: int) -> str:
        """The next characters, which are there."""
        if self._kept is None:
            piece = self._text[self._at : self._at + length]
        else:
            piece = self._text[self._at : self._at + min(length, self._room)]
            self._kept.append(piece)
            self._room -= len(piece)
        self._at += len(piece)
        if len(piece) < length:
            raise Malformed("the call is too long")
        return piece

    def more(self) -> Steps[bool]:
        """Wait for unread text; False at the end."""
        while not self.waiting:
            if self.ended:
                return False
            yield
        return True

    def peek(self) -> Steps[str]:
        """The next character, not taken; "" at the end."""
        return self._text[self._at] if (yield from self.more()) else ""

    def literal(self, *choices: str) -> Steps[str]:
        """Take the one of `choices` that follows; "" and nothing taken if none does. None
        may begin with another."""
        while True:
            rest = self._text[self._at : self._at + max(map(len, choices))]
            for choice in choices:
                if rest.startswith(choice):
                    return self.take(len(choice))
            if self.ended or not any(choice.startswith(rest) for choice in choices):
                return ""
            yield

    def expect(self, *choices: str) -> Steps[str]:
        """Like `literal`, but raises Malformed."""
        found = yield from self.literal(*choices)
        if not found:
            raise Malformed(f"{' or '.join(choices)} is missing")
        return found

    def close(self, marker: str) -> Steps[None]:
        """Take space and `marker`, which may be missing at the end of the text."""
        yield from self.run(SPACE)
        if (yield from self.more()):
            yield from self.expect(marker)

    def run(self, pattern: re.Pattern[str]) -> Steps[str]:
        """Take characters as long as `pattern`, of one or more of a class, matches them."""
        pieces = []
        while (yield from self.more()):
            found = pattern.match(self._text, self._at)
            if not found:
                break
            pieces.append(self.take(found.end() - self._at))
            if self.waiting:
                break
        return "".join(pieces)

    def until(self, markers: Markers, show: Callable[[str], object]) -> Steps[str]:
        """Take text up to and including the first marker, which is returned ("" at the
        end); what comes before it is given to `show` as soon as it is certain."""
        while True:
            found = markers.find(self._text, self._at)
            length = found.start() - self._at if found else self.waiting
            if not found and not self.ended:
                length -= markers.held(self._text, self._at)
            if length:
                show(self.take(length))
            if found:
                return self.take(len(found[0]))
            if self.ended:
                return ""
            yield

    def upto(self, markers: Markers) -> Steps[tuple[str, str]]:
        """The text before the first marker, and that marker. Raises Malformed."""
        pieces: list[str] = []
        marker = yield from self.until(markers, pieces.append)
        if not marker:
            raise Malformed(f"{' or '.join(markers.all)} is missing")
        return "".join(pieces), marker

    def balanced(self, quotes: str = '"', opened: str = "") -> Steps[str]:
        """Take from an opening bracket to the one that closes it, outside of strings in
        `quotes` (`"`, or `"` and `'`); what is in between is not checked. `opened` is the
        beginning where that was taken before: one bracket and no open string."""
        pieces, depth, quote = [opened], 1 if opened else 0, ""
        while (yield from self.more()):
            pattern = _QUOTED[quote] if quote else _BRACKETS[quotes]
            found = pattern.search(self._text, self._at)
            pieces.append(self.take((found.end() - self._at) if found else self.waiting))
            mark = found[0] if found else ""
            if mark == "\\":
                if (yield from self.more()):
                    pieces.append(self.take(1))
            elif mark and mark in quotes:
                quote = "" if quote else mark
            elif mark:
                depth += 1 if mark in "[{(" else -1
                if depth > DEPTH:
                    raise Malformed("the arguments are nested too deeply")
                if depth <= 0:
                    return "".join(pieces)
        raise Malformed("the call is cut off")
