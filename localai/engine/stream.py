"""Turns sampled tokens into text that can be shown: whole characters, no markers.

Pure: bytes in, pieces of text out, and the result does not depend on how the bytes were
cut. Text that may be the beginning of a marker is held back until that is decided.
Control tokens take part in markers and are never shown.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from localai.conversation import DeltaKind
from localai.engine.base import ReasoningRule

Piece = tuple[DeltaKind, str]

PLAIN, SPECIAL, HIDDEN = "psh"
"""What a character comes from: an ordinary token, one that stands for a marker and can be
seen (USER_DEFINED), a control token."""

_BYTES = "surrogateescape"
"""Keeps bytes that are no UTF-8 countable until they are shown as U+FFFD."""


class TextStream:
    """The text of one generation. `stop` ends it, in reasoning as well as in the answer.

    `inside` tells whether the stream is in reasoning, `stopped` whether a stop string was
    met; `kept` counts the bytes before it, those of markers and control tokens included.

    A reasoning marker counts where it closes reasoning, where it is a token of its own,
    and at the beginning of the reasoning or the answer. Spelt out later on, it is a
    quotation and shown.
    """

    def __init__(self, stop: Sequence[str] = (), rule: ReasoningRule | None = None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(_BYTES)
        self._stop = tuple(marker for marker in stop if marker)
        self._markers = (*self._stop, rule.open, rule.close) if rule else self._stop
        self._rule = rule
        self._held = self._looks = ""
        self.inside = rule is not None and rule.inside
        self._fresh, self._trim = True, self.inside
        self.stopped = False
        self.kept = 0

    def feed(self, data: bytes, look: str = PLAIN) -> list[Piece]:
        """Text that is certain after a token's bytes; `look` is PLAIN, SPECIAL or HIDDEN."""
        text = self._decoder.decode(data)
        own = 0 if look == PLAIN else min(len(data.decode("utf-8", _BYTES)), len(text))
        self._looks += PLAIN * (len(text) - own) + look * own
        self._held += text
        return self._certain()

    def end(self) -> list[Piece]:
        """What was held back, when nothing follows; half a character becomes U+FFFD."""
        rest = self._decoder.decode(b"", final=True)
        self._looks += PLAIN * len(rest)
        self._held += rest
        pieces = self._certain()
        return pieces if self.stopped else _joined([*pieces, *self._show(len(self._held))])

    def _certain(self) -> list[Piece]:
        pieces: list[Piece] = []
        while not self.stopped:
            at, marker = self._first()
            if at < 0:
                pieces += self._show(len(self._held) - _beginning(self._held, self._markers))
                break
            pieces += self._show(at)
            self._pass(marker)
        return _joined(pieces)

    def _first(self) -> tuple[int, str]:
        """Where the marker stands that is complete first (-1: nowhere), so that more text
        cannot change what was decided; of two that end together the longer."""
        found: list[tuple[int, int, str]] = []
        for marker in self._markers:
            at = self._held.find(marker)
            while at >= 0 and not self._counts(at, marker):
                at = self._held.find(marker, at + 1)
            if at >= 0:
                found.append((at + len(marker), at, marker))
        _, at, marker = min(found, default=(0, -1, ""))
        return at, marker

    def _counts(self, at: int, marker: str) -> bool:
        if marker in self._stop or self._looks[at] != PLAIN:
            return True
        if self.inside and self._rule is not None and marker == self._rule.close:
            return True
        return self._fresh and not self._visible(at).strip()

    def _pass(self, marker: str) -> None:
        """Go over the marker that the held text begins with: it is not text."""
        if marker in self._stop:
            self.stopped, self._held, self._looks = True, "", ""
            return
        self._drop(len(marker))
        self.inside = self._rule is not None and marker == self._rule.open
        self._fresh = self._trim = True

    def _show(self, length: int) -> list[Piece]:
        """The first characters held, as a piece; line breaks right after a marker belong
        to the markup."""
        text = self._visible(length)
        self._drop(length)
        if self._trim:
            text = text.lstrip("\n")
            self._trim = not text
        self._fresh = self._fresh and not text.strip()
        return [("reasoning" if self.inside else "text", text)] if text else []

    def _visible(self, length: int) -> str:
        """What of the first characters held can be shown."""
        text, looks = self._held[:length], self._looks[:length]
        if HIDDEN in looks:
            text = "".join(c for c, look in zip(text, looks, strict=True) if look != HIDDEN)
        return text if text.isascii() else text.encode("utf-8", _BYTES).decode("utf-8", "replace")

    def _drop(self, length: int) -> None:
        self.kept += len(self._held[:length].encode("utf-8", _BYTES))
        self._held, self._looks = self._held[length:], self._looks[length:]


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
