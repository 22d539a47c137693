"""Makes text safe to show: what a model, a file or an error wrote never drives the terminal.

Every text that reaches a screen or stdout passes through here; the store keeps it raw.
It does not touch ordinary Unicode, judge content, or escape any markup language.

The control functions follow ECMA-48: ESC sequences, their one-character C1 forms, and
control strings (OSC, DCS, SOS, PM, APC) up to their terminator, over chunk borders too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_SEQUENCE = 256
"""Characters after which a CSI sequence without an end is given up."""
MAX_STRING = 4096
"""Characters after which a control string without an end is given up."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SPECIAL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}\u2028\u2029\ud800-\udfff]")
_CANCEL = "\x18\x1a"
_STRING_OPENERS = "]P_^X"
_C1_STRINGS = "\x9d\x90\x9f\x9e\x98"
_CSI, _ST, _ESC, _BEL = "\x9b", "\x9c", "\x1b", "\x07"


def one_line(text: str, longest: int | None = None) -> str:
    """`clean`, on one line, without tabs; cut to so many characters where it is longer."""
    line = " ".join(clean(text).split())
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"


def clean(text: str) -> str:
    """`text` without anything that could drive a terminal or hide its direction.

    Lines end in "\\n"; bidirectional controls become visible, as in ⟦U+202E⟧; lone
    surrogates become U+FFFD.
    """
    if _SPECIAL.search(text) is None:
        return text
    return Sanitizer().feed(text)


class Sanitizer:
    """`clean` for a stream: feeding a text in any pieces gives `clean` of the whole."""

    def __init__(self) -> None:
        self.end()

    def end(self) -> str:
        """Forget a sequence that never ended, ready for another stream. Always ""."""
        self._state: Callable[[str, list[str]], None] = self._ground
        self._after_cr = False
        self._length = 0
        self._is_osc = False
        return ""

    def feed(self, chunk: str) -> str:
        """The safe text of `chunk`; nothing safe is held back."""
        out: list[str] = []
        at = 0
        while at < len(chunk):
            if self._state == self._ground and not self._after_cr:
                match = _SPECIAL.search(chunk, at)
                stop = match.start() if match else len(chunk)
                out.append(chunk[at:stop])
                at = stop
            if at < len(chunk):
                self._state(chunk[at], out)
                at += 1
        return "".join(out)

    def _ground(self, char: str, out: list[str]) -> None:
        after_cr, self._after_cr = self._after_cr, char == "\r"
        if char == _ESC:
            self._enter(self._escape)
        elif char == _CSI:
            self._enter(self._csi)
        elif char in _C1_STRINGS:
            self._enter(self._string, osc=char == "\x9d")
        elif char in "\r\u2028\u2029":
            out.append("\n")
        elif _SPECIAL.match(char) is None:
            if not (after_cr and char == "\n"):
                out.append(char)
        elif char >= "\ud800" and char <= "\udfff":
            out.append("\ufffd")
        elif char > "\x9f":
            out.append(f"⟦U+{ord(char):04X}⟧")

    def _enter(self, state: Callable[[str, list[str]], None], osc: bool = False) -> None:
        self._state = state
        self._length = 0
        self._is_osc = osc

    def _leave(self, char: str, out: list[str]) -> None:
        """Back to plain text, where `char` is read again."""
        self._state = self._ground
        self._ground(char, out)

    def _escape(self, char: str, out: list[str]) -> None:
        """After ESC."""
        if char == "[":
            self._enter(self._csi)
        elif char in _STRING_OPENERS:
            self._enter(self._string, osc=char == "]")
        elif " " <= char <= "/":
            self._enter(self._intermediate)
        elif "0" <= char <= "~":
            self._state = self._ground
        else:
            self._leave(char, out)

    def _intermediate(self, char: str, out: list[str]) -> None:
        """After ESC and a character that announces one more, as in ESC ( B."""
        if " " <= char <= "/" and self._length < MAX_SEQUENCE:
            self._length += 1
        elif "0" <= char <= "~":
            self._state = self._ground
        else:
            self._leave(char, out)

    def _csi(self, char: str, out: list[str]) -> None:
        """Parameters, then one final character."""
        self._length += 1
        if "@" <= char <= "~" or char in _CANCEL:
            self._state = self._ground
        elif not " " <= char <= "?" or self._length > MAX_SEQUENCE:
            self._leave(char, out)

    def _string(self, char: str, out: list[str]) -> None:
        """A control string: dropped until ST, for OSC also BEL."""
        self._length += 1
        if char == _ESC:
            self._state = self._string_escape
        elif char == _ST or char in _CANCEL or (self._is_osc and char == _BEL):
            self._state = self._ground
        elif self._length > MAX_STRING:
            self._leave(char, out)

    def _string_escape(self, char: str, out: list[str]) -> None:
        """ESC inside a control string: with a backslash its end, else a new sequence."""
        if char == "\\":
            self._state = self._ground
        else:
            self._escape(char, out)
