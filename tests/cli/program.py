"""Runs the command line as a program of its own, on pipes or on a terminal of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from fcntl import ioctl
from typing import Any, Self

SCRIPTED = (sys.executable, "-m", "tests.cli.scripted_main")
PATIENCE = 30.0
"""Seconds after which a test gives up waiting."""


def environment(replies: Sequence[Any], **extra: str) -> dict[str, str]:
    """What scripted_main reads, on top of the present environment."""
    return {
        **os.environ,
        "TERM": "xterm-256color",
        "SCRIPTED_REPLIES": json.dumps(replies),
        **extra,
    }


def start(arguments: Sequence[str], env: Mapping[str, str], **pipes: Any) -> subprocess.Popen[str]:
    """The program on pipes; stdin is empty unless given."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **pipes}
    return subprocess.Popen(
        [*SCRIPTED, *arguments], env=env, stderr=subprocess.PIPE, text=True, **pipes
    )


class OnTerminal:
    """The program on a pty; `screen` collects what it writes to it, raw."""

    def __init__(
        self, arguments: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 24
    ) -> None:
        self.screen = ""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(SCRIPTED[0], [*SCRIPTED, *arguments], dict(env))
        self.resize(columns, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        os.close(self._master)

    def resize(self, columns: int, rows: int) -> None:
        ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def read_until(self, seen: Callable[[str], bool]) -> None:
        """Collect output until `seen` holds for all of it."""
        deadline = time.monotonic() + PATIENCE
        while not seen(self.screen):
            assert time.monotonic() < deadline, f"never came: {self.screen!r}"
            if not self._read():
                raise AssertionError(f"ended early: {self.screen!r}")

    def wait(self) -> int:
        """Collect the rest; the exit code."""
        while self._read():
            pass
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait without reading, as when the terminal is gone."""
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE)
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:
            return False
        self.screen += data.decode()
        return bool(data)
