"""What the bridge is asked for beside turns: looking at answers, deciding about them, tunes.

Each is a job for the bridge's thread, which runs it with its backend; what comes of it is told
by a message. The thread and the turns are the bridge's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from textual.message import Message

from localai.chat import comparing
from localai.store.authoring import Mark
from localai.store.tuning import Reason, Run, StoredExample
from tui.backend import Backend
from tui.learning.watch import Watch
from tui.messages import (
    Corrected,
    Doubted,
    Inspected,
    Marked,
    Probed,
    Reported,
    SidesFound,
    Told,
    ToolsFound,
    Withdrawn,
)
from tui.review.reviewer import Reviewer

Job = Callable[[Backend], None]


class Errands:
    """Puts jobs into the queue of the bridge's thread."""

    _watch: Watch
    _laid_out = ""
    _enough: threading.Event
    """Set once nobody looks any more at how sure the last answer was that was asked for."""

    def inspect(self, answer_id: str) -> None:
        """Ask for what was sent for an answer."""
        self._put(lambda b: self._tell(Inspected(b.session("").inspect(answer_id))))

    def probe(self, answer_id: str) -> None:
        """Ask for the probabilities of an answer's tokens."""
        self._put(lambda b: self._tell(Probed(answer_id, b.session("").probabilities(answer_id))))

    def correct(self, conversation_id: str, message_id: str, text: str, reason: Reason) -> None:
        """Record what an answer should have been."""

        def job(backend: Backend) -> None:
            session = backend.session(conversation_id)
            self._tell(Corrected(*backend.desk.correct(session, message_id, text, reason)))

        self._soon(job)

    def prefer(self, conversation_id: str, rejected: str, chosen: str) -> None:
        """Record that the shorter of two answers is better."""

        def job(backend: Backend) -> None:
            session = backend.session(conversation_id)
            self._tell(Corrected(*backend.desk.prefer(session, rejected, chosen)))

        self._soon(job)

    def mark(self, message_id: str, mark: Mark | None) -> None:
        """Call an answer good or bad, or take that back."""
        self._soon(lambda b: self._tell(Marked(*b.desk.mark(message_id, mark))))

    def keep_note(self, message_id: str) -> None:
        """Keep an answer in the user's notes, too."""
        self._soon(lambda b: self._tell(Told(f"Kept in {b.session('').keep_note(message_id)}.")))

    def find_tools(self) -> None:
        """Ask for the tools that there are."""
        self._put(lambda b: self._tell(ToolsFound(b.session("").tools)))

    def withdraw(self, conversation_id: str, message_id: str) -> None:
        """Take a correction back: the id of the message that it wrote."""
        self._soon(
            lambda b: self._tell(
                Withdrawn(conversation_id, b.desk.withdraw(conversation_id, message_id))
            )
        )

    def roll_back(self) -> None:
        """Let answer what did before what answers now."""
        self._soon(lambda b: self._tell(Told(b.desk.roll_back(b.session("")))))

    def use(self, adapter_id: str) -> None:
        """Let an adapter answer, "" for none."""
        self._soon(lambda b: self._tell(Told(b.desk.use(b.session(""), adapter_id))))

    def start_tune(self, resume: Run | None = None) -> None:
        """Train on the corrections, in a process that outlives the app; or go on with a run."""
        self._soon(lambda b: self._tell(Told(b.desk.start(resume))))

    def stop_tune(self) -> None:
        """Ask the running tune to stop."""
        self._soon(lambda b: self._tell(Told(b.desk.stop())))

    def survey(self, wanted: bool) -> None:
        """Begin or end to tell everything about learning, not only what the status shows."""
        self._soon(lambda _: self._watch.survey(wanted))

    def review(self, act: Callable[[Reviewer], Message]) -> None:
        """Decide on examples or change them: something short, whose outcome is told."""
        self._soon(lambda b: self._tell(act(b.reviewer)))

    def lay_out(self, example: StoredExample) -> None:
        """Ask for an example's tokens; of several in a row only for those of the last."""
        self._laid_out = example.id

        def job(backend: Backend) -> None:
            if self._laid_out == example.id:
                self._tell(backend.reviewer.lay_out(lambda: backend.session(""), example))

        self._put(job)

    def find_sides(self, *, blind: bool) -> None:
        """Ask for the bare model and what answers now, to compare them."""

        def job(backend: Backend) -> None:
            entry, _ = backend.model
            session = backend.session("")
            names = (comparing.BASE, comparing.CURRENT)
            self._tell(SidesFound(comparing.by_adapter(session.store, entry, names), blind=blind))

        self._soon(job)

    def try_learned(self) -> None:
        """Begin a conversation with a question that was learned, for both to answer, blind."""

        def job(backend: Backend) -> None:
            entry, _ = backend.model
            session = backend.session("")
            names = (comparing.BASE, comparing.CURRENT)
            sides = comparing.by_adapter(session.store, entry, names)
            asked = session.put(backend.desk.question(session))
            self._tell(SidesFound(sides, blind=True, conversation=asked.conversation))

        self._soon(job)

    def report(self, run_id: str = "") -> None:
        """Ask for the report of a run, of the last one that has ended for ""."""
        self._soon(lambda b: self._tell(Reported(*b.desk.report(run_id))))

    def end_comparing(self) -> None:
        """Free what was loaded for a side."""
        self._put(lambda b: b.session("").end_comparing())

    def doubt(self, answer_id: str) -> None:
        """Ask for an answer again several times, and tell of each how far they agree, until
        another one is asked for, "" for none."""
        self._enough.set()
        if answer_id:
            enough = self._enough = threading.Event()
            self._put(lambda backend: self._ask_again(backend, answer_id, enough))

    def _ask_again(self, backend: Backend, answer_id: str, enough: threading.Event) -> None:
        from localai.evals.sure import asked_again

        if enough.is_set():
            return
        with closing(asked_again(backend.session(""), answer_id, stop=enough)) as found:
            for certainty in found:
                self._tell(Doubted(certainty))
                self._run_errands(backend)

    def _put(self, job: Job) -> None:
        """Do something when its turn comes. Defined by the bridge."""
        raise NotImplementedError

    def _soon(self, job: Job) -> None:
        """Do something short, also between two tokens. Defined by the bridge."""
        raise NotImplementedError

    def _run_errands(self, backend: Backend) -> None:
        """Do what was asked for meanwhile. Defined by the bridge."""
        raise NotImplementedError

    def _tell(self, message: Message) -> None:
        """Post a message. Defined by the bridge."""
        raise NotImplementedError
