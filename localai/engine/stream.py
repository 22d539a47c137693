"""Turns sampled tokens into text that can be shown: whole characters, no markers.

Pure: bytes in, pieces of text out, and the result does not depend on how the bytes were
cut. Text that may be the beginning of a marker is held back until that is decided.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from localai.conversation import DeltaKind
from localai.engine.base import ReasoningRule

Piece = tuple[DeltaKind, str]


class TextStream:
    """The text of one generation. `stop` ends it, in reasoning as well as in the answer.

    `stopped` is True once a stop string was met; `kept` counts the bytes before it.
    `inside` tells whether the stream is in reasoning, `closed` whether that has ended.
    """

    def __init__(self, stop: Sequence[str] = (), rule: ReasoningRule | None = None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(marker for marker in stop if marker)
        self._rule = rule
        self._held = ""
        self._trim = False
        self.inside = rule is not None and rule.inside
        self.closed = False
        self.stopped = False
        self.kept = 0

    def feed(self, data: bytes) -> list[Piece]:
        """Text that is certain after these bytes."""
        return self._take(self._decoder.decode(data))

    def end(self) -> list[Piece]:
        """What was held back, when nothing follows; half a character becomes U+FFFD."""
        pieces = self._take(self._decoder.decode(b"", final=True))
        rest, self._held = self._held, ""
        return pieces if self.stopped else [*pieces, *self._shown(rest)]

    def _take(self, text: str) -> list[Piece]:
        pieces: list[Piece] = []
        self._held += text
        while not self.stopped:
            markers = self._markers()
            at, marker = _first(self._held, markers)
            if at < 0:
                certain = len(self._held) - _beginning(self._held, markers)
                pieces += self._shown(self._held[:certain])
                self._held = self._held[certain:]
                break
            pieces += self._shown(self._held[:at])
            self._pass(at, marker)
        return _joined(pieces)

    def _markers(self) -> tuple[str, ...]:
        if self._rule is None:
            return self._stop
        if self.inside:
            return (*self._stop, self._rule.close)
        return (*self._stop, self._rule.open) if not self.closed else self._stop

    def _pass(self, at: int, marker: str) -> None:
        """Go over a marker: it is not text."""
        rest = self._held[at + len(marker) :]
        if marker in self._stop:
            self.stopped, self._held = True, ""
            return
        self.kept += len(marker.encode())
        self._held, self._trim = rest, True
        self.closed = self.inside
        self.inside = not self.inside

    def _shown(self, text: str) -> list[Piece]:
        """Text as a piece; line breaks right after a marker belong to the markup."""
        self.kept += len(text.encode("utf-8", "replace"))
        if self._trim:
            text = text.lstrip("\n")
            self._trim = not text
        return [("reasoning" if self.inside else "text", text)] if text else []


def _first(text: str, markers: Sequence[str]) -> tuple[int, str]:
    """Where the earliest marker stands (-1: nowhere); of two at one place the longer."""
    found = [(text.find(m), -len(m), m) for m in markers if m in text]
    at, _, marker = min(found, default=(-1, 0, ""))
    return at, marker


def _beginning(text: str, markers: Sequence[str]) -> int:
    """Length of the longest end of `text` that a marker begins with."""
    longest = max((len(m) - 1 for m in markers), default=0)
    for length in range(min(longest, len(text)), 0, -1):
        if any(m.startswith(text[-length:]) for m in markers):
            return length
    return 0


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece."""
    joined: list[Piece] = []
    for kind, text in pieces:
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined
