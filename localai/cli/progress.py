"""One quiet line on stderr while there is nothing to read yet.

It appears only on a terminal and only when the wait is long enough to be noticed, and
leaves no trace unless told to. Lasting remarks are `failure.note`.
"""

from __future__ import annotations

import shutil
import threading
import time
from typing import TextIO

DELAY_SECONDS = 0.5
REDRAW_SECONDS = 0.1
ERASE = "\r\x1b[2K"
DIM, PLAIN = "\x1b[2m", "\x1b[0m"


class Progress:
    """A transient line on `stream`; does nothing when that is no terminal."""

    def __init__(self, stream: TextIO, *, delay: float = DELAY_SECONDS) -> None:
        self._stream, self._delay = stream, delay
        self._enabled = stream.isatty()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._text = ""
        self._visible = False
        self._drawn = 0.0

    def show(self, text: str) -> None:
        """Say what is going on; the first text after `clear` waits for the delay."""
        if not self._enabled:
            return
        with self._lock:
            self._text = text
            if self._timer is None:
                self._timer = threading.Timer(self._delay, self._appear)
                self._timer.daemon = True
                self._timer.start()
            elif self._visible and time.monotonic() - self._drawn >= REDRAW_SECONDS:
                self._draw()

    def leave(self, text: str) -> None:
        """A line that stays."""
        if self._enabled:
            self._write(f"{DIM}{text}{PLAIN}\n")

    def clear(self) -> None:
        """Take the line away, or never let it appear."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._visible:
                self._write(ERASE)
            self._visible = False

    def _appear(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._visible = True
                self._draw()

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._write(f"{ERASE}{DIM}{self._text[:width]}{PLAIN}")
        self._drawn = time.monotonic()

    def _write(self, text: str) -> None:
        """A terminal that went away is no reason to lose the answer."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._enabled = False
