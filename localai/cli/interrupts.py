"""What Ctrl-C, a request to terminate and a closed terminal do while the model answers.

The first signal asks the answer to stop, so that what was said is kept; a second one
leaves at once. Before the answer has begun, the first one already leaves.
"""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
REPEAT_SECONDS = 0.05
"""Asking again covers the moment in which the request has not reached the engine yet."""


class Interrupted(KeyboardInterrupt):
    """A signal that ends the command now."""

    def __init__(self, signum: int) -> None:
        self.exit_code = 128 + signum


class Interrupts:
    """The first signal seen, and a thread's worth of work to do about it.

    `answering` is set by the caller once there is an answer to keep.
    """

    def __init__(self) -> None:
        self.answering = False
        self.signal = 0
        self._wishes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._done = threading.Event()

    @property
    def exit_code(self) -> int:
        """128 + the signal that came first, 0 when none did."""
        return 128 + self.signal if self.signal else 0

    def receive(self, signum: int, frame: FrameType | None = None) -> None:
        """Signal handler. It may run inside any other call, so it takes no lock:
        `SimpleQueue.put` is reentrant, and another thread does the work."""
        again = self.signal != 0
        self.signal = self.signal or signum
        if again or not self.answering:
            raise Interrupted(signum)
        self.stop()

    def stop(self) -> None:
        """Ask the answer to end soon."""
        self._wishes.put(True)

    def watch(self, cancel: Callable[[], None]) -> None:
        """Wait for the wish to stop and pass it on until the answer has ended."""
        self._wishes.get()
        while not self._done.is_set():
            cancel()
            self._done.wait(REPEAT_SECONDS)

    def finish(self) -> None:
        """The answer has ended: let the watching thread go."""
        self._done.set()
        self._wishes.put(False)


@contextmanager
def interruptible(cancel: Callable[[], None]) -> Iterator[Interrupts]:
    """Handle signals with `cancel` inside the block; the handlers from before come back.

    `cancel` is called from another thread. A signal that was ignored (nohup, a
    background job) stays ignored; outside the main thread all are left alone.
    """
    interrupts = Interrupts()
    watcher = threading.Thread(target=interrupts.watch, args=(cancel,), daemon=True)
    watcher.start()
    before = _install(interrupts) if _in_main_thread() else {}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        interrupts.finish()
        watcher.join()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _install(interrupts: Interrupts) -> dict[int, signal._HANDLER]:
    """Set the handlers; those that were there, by signal number."""
    before: dict[int, signal._HANDLER] = {}
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupts.receive)
    return before
