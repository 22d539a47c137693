"""The thread beside the user interface that talks to the session, one job at a time.

It posts messages and touches no widget. Streamed text is not posted token by token: it
collects here until the screen takes it, so the screen decides how often it paints. About
once a second it looks at what learning does, also between two tokens of an answer.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from textual.message import Message

from localai.chat.consent import Decision, Question
from localai.chat.session import Session
from localai.chat.turn import TurnEvent
from localai.conversation import Delta
from localai.engine.base import EngineState
from localai.errors import LocalaiError, ModelError
from tui.backend import Backend
from tui.burst import Burst
from tui.errands import Errands, Job
from tui.learning.watch import LOOK_SECONDS, Watch
from tui.messages import (
    Asked,
    AskedNoMore,
    Broken,
    ModelReady,
    Told,
    Trouble,
    TurnEnded,
    TurnMoved,
)

Begin = Callable[[Session], Iterator[TurnEvent]]
"""Begins a turn of a session."""

STOPPING_SECONDS = 1.0
"""What an answer gets to end by itself; a model that is loading cannot."""
CLOSING_SECONDS = 5.0
STOP_LOOK_SECONDS = 0.1
RESTS = "The model rests while the tune trains; it comes back when you write."


class Bridge(Errands):
    """Runs jobs against a backend that is made in the bridge's own thread."""

    def __init__(self, open_backend: Callable[[], Backend], post: Callable[[Message], bool]):
        self._open_backend = open_backend
        self._post = post
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._errands: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="localai-bridge", daemon=True)
        self._lock = threading.Lock()
        self._deltas: list[Delta] = []
        self._stopping, self._enough = threading.Event(), threading.Event()
        self._backend: Backend | None = None
        self._introduced = False
        self._watch = Watch(post)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def close(self) -> None:
        """Stop the answer, end the engine, wait for the thread a little while."""
        self.cancel()
        self._enough.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(STOPPING_SECONDS)
        if self._thread.is_alive() and self._backend is not None:
            self._backend.abandon()
            self._thread.join(CLOSING_SECONDS)

    @property
    def state(self) -> EngineState:
        """What the engine is doing; never blocks."""
        return self._backend.state if self._backend else "stopped"

    def send(self, conversation_id: str, text: str) -> None:
        """Ask a question."""
        self.turn(conversation_id, lambda session: session.send(text))

    def ask_instead(self, conversation_id: str, message_id: str, text: str) -> None:
        """Ask something else in the place of a question."""
        self.turn(conversation_id, lambda s: s.ask_instead(message_id, text))

    def cancel(self) -> None:
        """Stop the running answer, even if it has not begun."""
        self._stopping.set()
        if self._backend is not None:
            self._backend.cancel()

    def describe(self) -> None:
        """Ask which model it will be, without loading it."""
        self._jobs.put(lambda backend: self._tell(ModelReady(None, backend.model[0].name)))

    def warm(self) -> None:
        """Load the model if it is not."""
        self._jobs.put(self._introduce)

    def unload(self) -> None:
        """Free the model's memory."""
        self._jobs.put(lambda backend: backend.unload())

    def rest(self) -> None:
        """Leave the memory to a tune that waits for it, and say so."""
        self._jobs.put(lambda b: self._tell(Told(RESTS)) if b.rest() else None)

    def take(self) -> Burst:
        """The text that arrived since the last call."""
        with self._lock:
            deltas, self._deltas = self._deltas, []
        return Burst.of(deltas)

    def turn(self, conversation_id: str, begin: Begin) -> None:
        """Run a turn: `TurnMoved` for each milestone, `TurnEnded` after it."""
        self._stopping.clear()

        def job(backend: Backend) -> None:
            try:
                for event in begin(backend.session(conversation_id)):
                    self._pass_on(event)
                    if self._stopping.is_set():
                        backend.cancel()
                    self._run_errands(backend)
            except LocalaiError as error:
                self._post(TurnEnded(str(error)))
            else:
                try:
                    if not self._introduced:
                        self._introduce(backend)
                finally:
                    self._post(TurnEnded())

        self._jobs.put(job)

    def _approve(self, question: Question) -> Decision:
        """Ask the user and wait; a stopped answer is a no."""
        answers: queue.SimpleQueue[Decision] = queue.SimpleQueue()
        self._post(Asked(question, answers.put))
        while not self._stopping.is_set():
            with suppress(queue.Empty):
                return answers.get(timeout=STOP_LOOK_SECONDS)
        self._post(AskedNoMore())
        return "no"

    def _introduce(self, backend: Backend) -> None:
        """Load the model if it is not, and say what it is."""
        entry, engine = backend.model
        self._tell(ModelReady(engine.load(), entry.name))
        self._introduced = True

    def _pass_on(self, event: TurnEvent) -> None:
        if isinstance(event, Delta):
            with self._lock:
                self._deltas.append(event)
        else:
            self._post(TurnMoved(event))

    def _tell(self, message: Message) -> None:
        self._post(message)

    def _put(self, job: Job) -> None:
        """Do something when its turn comes."""
        self._jobs.put(job)

    def _soon(self, job: Job) -> None:
        """Do something short, between two tokens if an answer is being written."""
        self._errands.put(job)
        self._jobs.put(self._run_errands)  # wakes a thread that has nothing to do

    def _run_errands(self, backend: Backend) -> None:
        """Do what has been asked for, and look at what learning does if it is time."""
        due = self._watch.due
        while not self._errands.empty():
            self._do(self._errands.get())
            due = True
        if due:
            self._do(self._watch.look)

    def _run(self) -> None:
        self._do(lambda backend: None)
        while (job := self._next()) is not None:
            self._do(job)
        if self._backend is not None:
            self._backend.close()

    def _next(self) -> Job | None:
        """The next job; looking around is one when there is nothing else to do."""
        try:
            return self._jobs.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return self._run_errands

    def _do(self, job: Job) -> None:
        try:
            if self._backend is None:
                self._backend = self._open_backend()
                self._backend.approve = self._approve
            job(self._backend)
        except LocalaiError as error:
            self._post(Trouble(str(error), model=isinstance(error, ModelError)))
        except Exception as error:
            self._post(Broken(error))
