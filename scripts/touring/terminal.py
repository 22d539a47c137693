"""The app in a terminal of its own, driven by keys; what it shows is passed on to ours.

What came of the keys is read from the history, as the app itself stores it: the screen is
for people.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self, TypeVar

T = TypeVar("T")

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "select all": "\x1b[18~",  # F7
    "delete": "\x7f",
    "new": "\x0e",  # ctrl+n
    "correct": "\x05",  # ctrl+e
    "save": "\x13",  # ctrl+s
    "roll back": "\x1bOS",  # F4
    "quit": "\x11",  # ctrl+q
}
LOOK_SECONDS = 0.05


class Terminal:
    """A program on a pty of 100 x 32. `patience`: seconds that `until` waits."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], patience: float = 120.0
    ) -> None:
        self.patience = patience
        self._shown = bytearray()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), dict(environment))
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 32, 100, 0, 0))
        threading.Thread(target=self._relay, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        try:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._master)

    def press(self, *keys: str) -> None:
        """Keys by their names in KEYS; anything else is typed as it is."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def until(self, found: Callable[[], T | None], what: str) -> T:
        """Wait for something to be there. Raises TimeoutError saying what never came."""
        deadline = time.monotonic() + self.patience
        while (value := found()) is None:
            if time.monotonic() > deadline:
                shown = self._shown[-2000:].decode("utf-8", "replace")
                raise TimeoutError(f"{what} never came; the screen said: {shown!r}")
            time.sleep(LOOK_SECONDS)
        return value

    def shows(self, text: str) -> bool:
        """Whether the program has written this text since it was last asked."""
        found = text.encode() in self._shown
        if found:
            self._shown.clear()
        return found

    def _relay(self) -> None:
        """Pass the program's output on, so that one can watch."""
        watched = sys.stdout.isatty()
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self._shown += data
            if watched:
                os.write(sys.stdout.fileno(), data)
