"""One engine process, as its parent sees it: send a command, receive an answer, end it.

All waiting is `poll` with a deadline; there is no thread. What to send when, and what an
ending means to the user, is decided in `process`.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import IO

from localai.engine import frames
from localai.engine.deaths import Cause
from localai.engine.spawn import spawn

CHUNK = 1 << 16
SEND_SECONDS = 20.0
REAP_SECONDS = 2.0
POLL_SECONDS = 0.25


class ChildGone(Exception):
    """The process is of no use any more, for `cause`; `Child.end` must follow."""

    def __init__(self, cause: Cause, detail: str = "") -> None:
        super().__init__(detail or cause)
        self.cause: Cause = cause


class Child:
    """A running engine process.

    `send`, `receive` and `end` are for one thread at a time; `send_now` and `kill` may come
    from another one meanwhile. `torn` is True after an exception (Ctrl-C) struck while a
    frame was half moved: such a child must be ended.
    """

    def __init__(self, arguments: Sequence[str] | None, log: IO[bytes] | None) -> None:
        self.torn = False
        self._process = spawn(arguments, log)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(self._stdin, select.POLLOUT)
        self._readable.register(self._stdout, select.POLLIN)
        self._reader = frames.FrameReader()
        self._answers: deque[frames.Answer] = deque()
        self._ending: ChildGone | None = None
        self._pipe = threading.Lock()  # keeps frames whole, and the pipe open meanwhile

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, command: frames.Command) -> None:
        """Write one frame. Raises ChildGone, or FrameError when it cannot be a frame.

        The child reads in a thread of its own, so waiting here is waiting for a hung child.
        """
        rest = memoryview(frames.pack(command))
        deadline = time.monotonic() + SEND_SECONDS
        with self._pipe:
            self.torn = True
            while rest:
                try:
                    rest = rest[os.write(self._stdin.fileno(), rest) :]
                except BlockingIOError:
                    if not _wait(self._writable, deadline):
                        raise ChildGone("hung") from None
                except OSError:
                    raise ChildGone("ended") from None
            self.torn = False

    def send_now(self, command: frames.Command) -> None:
        """Write a small frame whole or not at all; never waits, never fails.

        Does nothing while a frame is being sent.
        """
        if self._pipe.acquire(blocking=False):
            try:
                with contextlib.suppress(OSError, ValueError):  # full, broken or closed
                    os.write(self._stdin.fileno(), frames.pack(command))
            finally:
                self._pipe.release()

    def receive(self, seconds: float) -> frames.Answer | None:
        """The next answer, None when none came within `seconds`. Raises ChildGone.

        What arrived whole before the end is delivered first.
        """
        deadline = time.monotonic() + seconds
        while not self._answers:
            if self._ending is not None:
                raise self._ending
            if not _wait(self._readable, deadline):
                return None
            self._read()
        return self._answers.popleft()

    def kill(self) -> None:
        """End the process at once, from any thread; a waiting `receive` raises ChildGone."""
        self._process.kill()

    def end(self) -> int | None:
        """Close the pipes, see that the process is gone and return its exit code.

        A dying process gets a moment, so that the code is its own; negative is a signal.
        """
        with self._pipe:
            self._stdin.close()
        self._stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(REAP_SECONDS)
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_SECONDS)
        return self._process.returncode

    def _read(self) -> None:
        """Take in what the pipe holds; an end or nonsense is kept for after the answers."""
        self.torn = True
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._stdout.fileno(), CHUNK)
            try:
                self._answers.extend(frames.answer(body) for body in self._reader.feed(data))
            except frames.FrameError as error:
                self._ending = ChildGone("garbled", str(error))
            if not data:
                self._ending = ChildGone("ended")
        self.torn = False


def _wait(pipe: select.poll, deadline: float) -> bool:
    """Whether the pipe became ready before the deadline (monotonic seconds).

    In slices: a Ctrl-C in the instant before `poll` begins is only seen when it returns.
    """
    while True:
        left = deadline - time.monotonic()
        if pipe.poll(1000 * max(0.0, min(left, POLL_SECONDS))):
            return True
        if left <= POLL_SECONDS:
            return False
