"""Keeps one engine process: starts and loads it, notices its end, replaces it, stops it.

Speaks commands and answers only as far as loading needs; what is asked of a loaded model
is in `process`. There is no thread here: whoever waits for an answer waits with a
deadline, and so notices a hung or dead child itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from localai.engine import frames
from localai.engine.base import AdapterFile, EngineState, LoadOptions, ModelInfo
from localai.engine.child import Child, ChildGone
from localai.engine.deaths import Death, Phase, describe
from localai.engine.loading import Loading
from localai.engine.log import EngineLog
from localai.engine.refusals import error_of
from localai.errors import AdapterError, EngineBusy, EngineCrashed, EngineError, LocalaiError

SLICE = 0.1
CLOSE_SECONDS = 5.0
CLOSED = "The engine was closed; open the conversation again."
BUSY = "The model is busy with another request; wait for it or stop it first."


class Supervisor:
    """Owner of at most one living child.

    `state`, `warm`, `cancel`, `unload` and `close` may be called from any thread and never
    wait for the model. Everything else happens inside `turn`.
    """

    def __init__(
        self,
        options: LoadOptions,
        log_path: Path | None,
        command: Sequence[str] | None,
        load_seconds: float,
    ) -> None:
        self.cancelled = threading.Event()
        self._loading = Loading(options, load_seconds)
        self._log = EngineLog(log_path)
        self._command = command
        self._turn = threading.RLock()  # its holder talks with the child
        self._child: Child | None = None
        self._state: EngineState = "stopped"
        self._number = 0
        self._running = 0  # number of the generation not yet ended
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        child = self._child
        return child.pid if child is not None else None

    @property
    def info(self) -> ModelInfo | None:
        """What the child has loaded; None while it has not."""
        return self._loading.info

    @property
    def running(self) -> bool:
        """Whether a generation has not ended."""
        return self._running != 0

    @property
    def state(self) -> EngineState:
        """What the child is doing, after a glance at what it has said meanwhile."""
        if not self._running and self._turn.acquire(blocking=False):
            try:
                if not self._running:
                    self._glance()
            finally:
                self._turn.release()
        return self._state

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The right to talk with the child; EngineError while a generation runs."""
        if self._running:
            raise EngineBusy(BUSY)
        with self._turn:
            if self._running:
                raise EngineBusy(BUSY)
            try:
                yield
            finally:
                if self._child is not None and self._child.torn:
                    self._drop("stopped")

    def ready(self, give_up: threading.Event | None = None) -> bool:
        """Have a child with a loaded model; False when `give_up` was set before that."""
        self._loading.raise_failure()
        self._start()
        while (phase := self._loading.phase) and self._child is not None:
            with self._guarded(phase):
                answer = self._child.receive(SLICE)
            if answer is not None:
                self._note(answer)
            elif self._loading.overdue:
                raise self._crashed(ChildGone("hung"), phase, self._loading.seconds)
            elif give_up is not None and give_up.is_set():
                return False
        self._loading.raise_failure()
        return True

    def use_adapter(self, adapter: AdapterFile) -> None:
        """Have the child put on another adapter, and its successors, too."""
        self.ready()
        if not self._loading.change_adapter(adapter):
            return
        try:
            self.send(self._loading.adapter, "reading the adapter")
        except EngineError:
            self._loading.refuse_adapter()
            raise
        self._state = "loading"
        self.ready()

    def send(self, make: Callable[[int], frames.Command], phase: Phase) -> int:
        """Number and send a command. Raises EngineError when it cannot be put in a frame."""
        child = self._living()
        self._number += 1
        command = make(self._number)
        try:
            with self._guarded(phase):
                child.send(command)
        except frames.FrameError as error:
            raise EngineError(f"The request cannot be sent: {error}; change it.") from error
        if isinstance(command, frames.Generate):
            self._running = self._number
            self._state = "busy"
        return self._number

    def receive(self, number: int, seconds: float, phase: Phase) -> frames.Answer:
        """The next answer to command `number`; those to commands given up are dropped.

        Raises what the child refused with, or EngineCrashed after `seconds` of silence.
        """
        deadline = time.monotonic() + seconds
        with self._turn:
            while True:
                child = self._living()
                with self._guarded(phase):
                    answer = child.receive(deadline - time.monotonic())
                if answer is None:
                    raise self._crashed(ChildGone("hung"), phase, seconds)
                if answer.number != number:
                    continue
                if isinstance(answer, frames.Failed):
                    self.finish(number)
                    raise error_of(answer)
                return answer

    def garbled(self, phase: Phase) -> LocalaiError:
        """End a child that answered with the wrong kind of thing; the error to raise."""
        return self._crashed(ChildGone("garbled"), phase)

    def finish(self, number: int, *, cancel: bool = False) -> None:
        """Generation `number` is over for its caller; `cancel` tells the child so, too."""
        if self._running != number:
            return
        if cancel:
            self.cancel()
        self._running = 0
        self._state = "ready"

    def cancel(self) -> None:
        """Ask the child to stop the running generation."""
        self.cancelled.set()
        child, number = self._child, self._running
        if child is not None and number:
            child.send_now(frames.Cancel(number))

    def warm(self) -> None:
        """Begin to load; what goes wrong is raised by the next call that needs the model."""
        if not self._running and self._turn.acquire(blocking=False):
            try:
                if not self._closed and self._loading.failure is None:
                    self._start()
            except LocalaiError as error:
                self._loading.failure = error
            finally:
                self._turn.release()

    def unload(self) -> None:
        """End the child, and so free its memory. EngineError while someone waits for it."""
        if self._running or not self._turn.acquire(timeout=SLICE):
            raise EngineBusy(BUSY)
        try:
            self._drop("stopped")
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the child for good; a thread waiting for it gets an EngineError."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        if self._turn.acquire(timeout=CLOSE_SECONDS):
            try:
                self._drop("stopped")
                self._log.close()
            finally:
                self._turn.release()

    def _start(self) -> None:
        """Spawn and send Load, unless a child lives. One that died unnoticed is replaced."""
        if self._closed:
            raise EngineError(CLOSED)
        if self._child is not None and not self._loading.phase and not self._child.alive:
            self._drop("crashed")
        if self._child is not None:
            return
        try:
            self._child = Child(self._command, self._log.open())
        except OSError as error:
            raise EngineError(
                f"The engine process cannot be started ({error.strerror}); "
                "close other programs or run localai doctor."
            ) from error
        self._state = "loading"
        try:
            self.send(self._loading.model, "loading the model")
            if self._loading.options.adapter.path:
                self.send(self._loading.adapter, "loading the model")
        except EngineError:
            if self._child is not None:  # a child that was never told what to load
                self._drop("stopped")
            raise

    def _note(self, answer: frames.Answer) -> None:
        """Take in an answer about loading; anything else belongs to a command given up."""
        phase = self._loading.phase
        if phase is None or not self._loading.expects(answer.number):
            return
        if not isinstance(answer, frames.Loaded | frames.Failed):
            self._loading.failure = self.garbled(phase)
            return
        self._loading.take(answer)
        if self._loading.failure is not None and phase == "loading the model":
            self._drop("stopped")
        elif self._loading.phase is None:
            self._state = "ready"

    def _glance(self) -> None:
        """Take in what came unasked: the end of a warm start, or of the child."""
        try:
            while self._child is not None:
                answer = self._child.receive(0)
                if answer is None:
                    return
                self._note(answer)
        except ChildGone as gone:
            phase = self._loading.phase
            crash = self._crashed(gone, phase or "answering")
            if phase:
                self._loading.failure = crash

    def _living(self) -> Child:
        if self._child is None:
            raise EngineError(CLOSED if self._closed else "The engine was stopped; ask again.")
        return self._child

    @contextmanager
    def _guarded(self, phase: Phase) -> Iterator[None]:
        try:
            yield
        except ChildGone as gone:
            raise self._crashed(gone, phase) from gone

    def _crashed(self, gone: ChildGone, phase: Phase, seconds: float = 0.0) -> LocalaiError:
        """End what is left of the child; the error that tells the user about it."""
        deadly = self._loading.died()
        code = self._drop("crashed", kill=gone.cause != "ended")
        if self._closed:
            return EngineError(CLOSED)
        death = Death(gone.cause, phase, code, seconds, deadly)
        sentence = describe(death, self._log.last_words(), self._log.path)
        return AdapterError(sentence) if deadly else EngineCrashed(sentence)

    def _drop(self, state: EngineState, *, kill: bool = True) -> int | None:
        """End the child, if there is one, and forget about it; its exit code."""
        child, self._child = self._child, None
        code = None
        if child is not None:
            if kill:
                child.kill()
            code = child.end()
        self._running = 0
        self._loading.forget()
        self._state = state
        return code
