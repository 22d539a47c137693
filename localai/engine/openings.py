"""Watches a stream of tokens for the text that begins a tool call. Pure: bytes in.

The openings are found wherever the tokens part them. Reasoning is not watched: whether the
stream is in it, the caller says (`stream.TextStream` decides that).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from localai.constraint import Constraint
from localai.engine.base import ReasoningRule

_SPACE = b" \t\r\n"
_QUOTES = (b"`", b'"', b"'")


class Found(NamedTuple):
    """An opening: its constraint, and what comes after it within the same token. `spelled`:
    it may be a mention of the marker, as it is ordinary text that may stand anywhere."""

    constraint: Constraint
    rest: bytes
    spelled: bool


class Openings:
    """The stream so far, as much of it as an opening can reach back."""

    def __init__(
        self, constraints: Sequence[Constraint], rule: ReasoningRule | None, *, inside: bool
    ) -> None:
        self._given = next((each for each in constraints if not each.open), None)
        self._next = [each for each in constraints if each.open and each.where == "next"]
        self._all = [
            (_bytes(each.open), each) for each in constraints if each.open and each.where != "next"
        ]
        opens = [open for open, _ in self._all]
        self._any = re.compile(b"|".join(map(re.escape, opens)) or rb"(?!)")
        self._think, self._answer = (_bytes(rule.open), _bytes(rule.close)) if rule else (b"", b"")
        self._longest = max(map(len, opens), default=1)
        self._reach = max(self._longest, len(self._think), len(self._answer)) + 1
        self._inside = inside
        self._tail = b""
        self._special = b""  # for each byte of the tail, 1 where a special token wrote it
        self._fresh = True  # before the tail, the answer is white space

    def wrote(self, data: bytes, *, inside: bool, special: bytes = b"") -> None:
        """These bytes were written; `inside` says whether the stream is in reasoning now.
        `special`: for each byte 1 where a token wrote it that stands for a marker, else 0;
        none is where it is left out."""
        self._tail += data
        self._special += special or bytes(len(data))
        if self._inside and not inside:
            self._drop(len(self._tail) - len(self._tail.rpartition(self._answer)[2]))
        elif inside and not self._inside:
            self._cut(len(self._tail.rpartition(self._think)[0]))
        self._inside = inside
        self._cut(len(self._tail) - self._reach)

    def _cut(self, length: int) -> None:
        """Let go of the tail's first bytes, which are part of the answer."""
        if length > 0:
            blank = self._inside or not self._tail[:length].strip(_SPACE)
            self._fresh = self._fresh and blank
            self._drop(length)

    def _drop(self, length: int) -> None:
        self._tail, self._special = self._tail[length:], self._special[length:]

    def ended(self, last: bytes) -> None:
        """A call has ended; `last` are its last bytes. What comes next is watched anew."""
        self._tail = b"\n" if last.endswith(b"\n") else b""
        self._special = bytes(len(self._tail))
        self._fresh = False

    def following(self, last: bytes) -> Constraint | None:
        """The constraint that holds after a call whose last bytes these are."""
        return next((each for each in self._next if last.endswith(_bytes(each.open))), None)

    def given(self) -> Constraint | None:
        """The constraint that holds from the beginning, if the answer has not begun yet."""
        begun = self._inside or not self._fresh or self._tail.strip(_SPACE)
        return None if begun else self._given

    def completed(self, data: bytes, *, special: bool = False) -> Found | None:
        """The opening that would be complete with these bytes, of a token that `special` says
        stands for a marker. Of two openings the one that is complete first.

        Nearly all tokens complete none, which one search tells for all openings.
        """
        text, before = self._tail + data, len(self._tail)
        if self._inside or not self._any.search(text, max(0, before - self._longest + 1)):
            return None
        marks = self._special + (b"\1" if special else b"\0") * len(data)
        found: list[tuple[int, int, int]] = []
        for index, (open, constraint) in enumerate(self._all):
            at = text.find(open, max(0, before - len(open) + 1))
            while at >= 0 and not self._counts(constraint, text[:at], marks[at]):
                at = text.find(open, at + 1)
            if at >= 0:
                found.append((at + len(open), at, index))
        if not found:
            return None
        end, at, index = min(found)
        constraint = self._all[index][1]
        spelled = constraint.where == "anywhere" and not marks[at]
        return Found(constraint, text[end:], spelled)

    def _counts(self, constraint: Constraint, before: bytes, special: int) -> bool:
        """Whether an opening after these bytes of the tail is in its place. A marker that is
        spelled out in quotes is a quotation."""
        if constraint.where == "anywhere":
            return bool(special) or not before.endswith(_QUOTES)
        first = self._fresh and not before.strip(_SPACE)
        return first or (constraint.where == "line" and before.endswith(b"\n"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
