"""Watches a stream of tokens for the text that begins a tool call. Pure: bytes in.

The openings are found wherever the tokens part them. Reasoning is not watched: whether the
stream is in it, the caller says (`stream.TextStream` decides that).
"""

from __future__ import annotations

from collections.abc import Sequence

from localai.constraint import Constraint
from localai.engine.base import ReasoningRule

_SPACE = b" \t\r\n"


class Openings:
    """The stream so far, as much of it as an opening can reach back."""

    def __init__(
        self, constraints: Sequence[Constraint], rule: ReasoningRule | None, *, inside: bool
    ) -> None:
        self._all = [(_bytes(each.open), each) for each in constraints]
        self._think, self._answer = (_bytes(rule.open), _bytes(rule.close)) if rule else (b"", b"")
        texts = (self._think, self._answer, *(open for open, _ in self._all))
        self._reach = max(map(len, texts)) + 1
        self._inside = inside
        self._tail = b""
        self._fresh = True  # before the tail, the answer is white space

    def wrote(self, data: bytes, *, inside: bool) -> None:
        """These bytes were written; `inside` says whether the stream is in reasoning now."""
        self._tail += data
        if self._inside and not inside:
            self._tail = self._tail.rpartition(self._answer)[2]
        elif inside and not self._inside:
            self._cut(len(self._tail.rpartition(self._think)[0]))
        self._inside = inside
        self._cut(len(self._tail) - self._reach)

    def _cut(self, length: int) -> None:
        """Let go of the tail's first bytes."""
        if length > 0:
            blank = self._inside or not self._tail[:length].strip(_SPACE)
            self._fresh, self._tail = self._fresh and blank, self._tail[length:]

    def ended(self, last: bytes) -> None:
        """A call has ended; `last` are its last bytes. What comes next is watched anew."""
        self._tail = b"\n" if last.endswith(b"\n") else b""
        self._fresh = False

    def given(self) -> Constraint | None:
        """The constraint that holds from the beginning, if the answer has not begun yet."""
        if self._inside or not self._fresh or self._tail.strip(_SPACE):
            return None
        return next((constraint for open, constraint in self._all if not open), None)

    def completed(self, data: bytes) -> tuple[Constraint, bytes] | None:
        """The constraint whose opening would be complete with these bytes, and those of them
        that come after it. Of two openings the one that is complete first."""
        if self._inside:
            return None
        text, before = self._tail + data, len(self._tail)
        found: list[tuple[int, int, int]] = []
        for index, (open, constraint) in enumerate(self._all):
            at = text.find(open, max(0, before - len(open) + 1)) if open else -1
            while at >= 0 and not self._counts(constraint, text[:at]):
                at = text.find(open, at + 1)
            if at >= 0:
                found.append((at + len(open), at, index))
        if not found:
            return None
        end, _, index = min(found)
        return self._all[index][1], text[end:]

    def _counts(self, constraint: Constraint, before: bytes) -> bool:
        """Whether an opening after these bytes of the tail is in its place."""
        if constraint.where == "anywhere":
            return True
        first = self._fresh and not before.strip(_SPACE)
        return first or (constraint.where == "line" and before.endswith(b"\n"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
