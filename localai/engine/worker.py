"""The engine process from within: its pipes, its precautions, its loop.

`python -m localai.engine.worker PARENT_PID [--thread]`. The main thread does the work of
one command after the other; a second thread only receives, so that a cancel arrives in
the middle of a generation, and so that the end of the parent (the end of the pipe) ends
this process even while llama.cpp computes. What a command means is in `service`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, Protocol

from localai.engine import frames, gentle

CHUNK = 1 << 16
PIPE_BYTES = 1 << 20
IDLE_SECONDS = 2.0
"""From the last command to the moment that is used for what can wait."""


class Answering(Protocol):
    """What does the work; see `service.Service`."""

    def rest(self, waiting: Callable[[], bool]) -> None:
        """Nobody has asked anything for a moment, until `waiting` says otherwise."""
        ...

    def answers(self, command: frames.Command) -> Iterator[frames.Answer]:
        """Everything there is to say to one command."""
        ...


class Inbox:
    """Commands in order, and which of them were given up."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._queue: queue.SimpleQueue[frames.Command] = queue.SimpleQueue()
        self._given_up = 0

    def cancelled(self, number: int) -> bool:
        """Whether command `number` is no longer wanted; cheap enough to ask at every token."""
        return number <= self._given_up

    def waiting(self) -> bool:
        """Whether a command is there."""
        return not self._queue.empty()

    def __iter__(self) -> Iterator[frames.Command | None]:
        """Commands for ever; None once when none came for a moment after the last one."""
        seconds: float | None = None
        while True:
            try:
                yield self._queue.get(timeout=seconds)
                seconds = IDLE_SECONDS
            except queue.Empty:
                yield None
                seconds = None

    def receive(self) -> NoReturn:
        """Read until the parent is gone, then end the process, whatever it is doing."""
        reader = frames.FrameReader()
        try:
            while data := os.read(self._pipe, CHUNK):
                for body in reader.feed(data):
                    self._accept(frames.command(body))
        except (OSError, frames.FrameError) as error:
            print(f"error: the app's commands cannot be read: {error}", file=sys.stderr)
        finally:
            os._exit(0)

    def _accept(self, command: frames.Command) -> None:
        if isinstance(command, frames.Cancel):
            self._given_up = max(self._given_up, command.number)
        else:
            self._queue.put(command)


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the real engine."""

    def service(cancelled: Callable[[int], bool]) -> Answering:
        # Only now, when the precautions are in place, llama.cpp may be loaded.
        from localai.engine.service import Service

        return Service(cancelled)

    run(arguments, service)


def run(
    arguments: Sequence[str], service: Callable[[Callable[[int], bool]], Answering]
) -> NoReturn:
    """Be a careful child of process `arguments[0]` and answer its commands for ever."""
    commands, answers = _take_pipes()
    gentle.follow(int(arguments[0]), dies_with_thread="--thread" in arguments)
    inbox = Inbox(commands)
    threading.Thread(target=inbox.receive, daemon=True).start()
    code = 1
    try:
        working = service(inbox.cancelled)
        for command in inbox:
            if command is None:
                working.rest(inbox.waiting)
                continue
            for answer in working.answers(command):
                _write(answers, answer)
    except BrokenPipeError:
        code = 0  # the app is gone
    except BaseException:
        traceback.print_exc()
    finally:
        # Straight out: the interpreter's orderly end could wait for a computing thread.
        sys.stderr.flush()
        os._exit(code)


def _take_pipes() -> tuple[int, int]:
    """Private descriptors for the frames; 0 and 1 become harmless for everybody else.

    Whatever llama.cpp or a library prints to stdout goes to the log, as stderr does.
    """
    commands, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    if sys.platform == "linux":
        import fcntl

        # Room for a whole long answer, so that a slow reader does not stop the decoding.
        with contextlib.suppress(OSError):
            fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return commands, answers


def _write(pipe: int, answer: frames.Answer) -> None:
    """Send one answer whole; one that is too large becomes a failure."""
    try:
        rest = memoryview(frames.pack(answer))
    except frames.FrameError as error:
        message = f"The engine's answer cannot be sent: {error}; ask for less."
        rest = memoryview(frames.pack(frames.Failed(answer.number, "engine", message)))
    while rest:
        rest = rest[os.write(pipe, rest) :]


if __name__ == "__main__":
    main(sys.argv[1:])
