"""What the bridge's thread does about learning: corrections, adapters, the tune's process.

Works on a store and a session that are handed in; it posts nothing and shows nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from localai.catalog.entry import required_path
from localai.chat.adapters import file_hash
from localai.chat.session import Session
from localai.errors import UsageError
from localai.morning.history import trends
from localai.store.authoring import Mark
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter, Reason, Run, StoredExample
from tui.learning import offers
from tui.learning.news import news
from tui.learning.tuner import Tuner
from tui.learning.values import Glance, Lesson, Offer, Overview

MOST_RUNS = 20
COUNT_SECONDS = 30.0
"""Between two counts of what is accepted, for what is offered."""


class Desk:
    """One store, one tuner. Every method raises LocalaiError with a sentence."""

    def __init__(self, store: Store, tuner: Tuner) -> None:
        self._store, self._tuner = store, tuner
        self._newest_at_start = ("", 0)
        self._counted: Mapping[str, str] = {}
        self._count_at = 0.0

    def correct(
        self, session: Session, message_id: str, text: str, reason: Reason
    ) -> tuple[StoredMessage, int]:
        """Record a correction; the corrected message, and how many corrections wait."""
        chosen = session.correct(message_id, text, reason)
        return chosen, self.waiting(session)

    def prefer(self, session: Session, rejected: str, chosen: str) -> tuple[StoredMessage, int]:
        """Record that the shorter of two answers is better; it, and how many wait."""
        return session.prefer(rejected, chosen, "shorter").better, self.waiting(session)

    def waiting(self, session: Session) -> int:
        """How many corrections wait for the next tune."""
        return len(self._waiting(self._accepted(), self._adapters(session)))

    def mark(self, message_id: str, mark: Mark | None) -> tuple[StoredMessage, str]:
        """Call an answer good or bad, or take that back; it, and a sentence."""
        if mark is None:
            self._store.unmark(message_id)
            return self._store.message(message_id), "The mark is taken back."
        self._store.mark(message_id, mark)
        told = "the next tune learns it" if mark == "good" else "it is never learned"
        return self._store.message(message_id), f"Marked {mark}: {told}."

    def withdraw(self, conversation_id: str, message_id: str) -> StoredMessage:
        """Take back the correction that wrote a message; what the conversation goes on from: the
        model's own answer or, in a fork that does not share that, the message."""
        correction = self._store.correction_for(message_id)
        if correction is None:
            raise UsageError("This answer is not a correction; there is nothing to take back.")
        self._store.withdraw_correction(correction.id, conversation_id)
        moved = self._store.conversation(conversation_id).leaf == correction.rejected
        return self._store.message(correction.rejected if moved else message_id)

    def use(self, session: Session, adapter_id: str) -> str:
        """Let an adapter answer from the next turn on, "" the bare model; says so."""
        active = session.adapter()
        if (active.id if active else "") == adapter_id:
            return f"It is {_name(active)} that answers already."
        self._store.activate(self._base(session), adapter_id, "chosen")
        chosen = self._store.adapter(adapter_id) if adapter_id else None
        return f"From the next turn on, {_name(chosen)} answers."

    def roll_back(self, session: Session) -> str:
        """Let answer what did before what answers now; says what that is."""
        now = self._store.roll_back(self._base(session))
        return f"Rolled back: from the next turn on, {_name(now)} answers."

    def start(self, resume: Run | None = None) -> str:
        """Start a tune, or go on with that one; says so. Raises UsageError while one runs."""
        newest = self._newest()
        if self._tuner.running or (newest is not None and newest.state == "running"):
            raise UsageError("A tune is running already; stop it first, or let it end.")
        self._newest_at_start = (newest.id, newest.number) if newest else ("", 0)
        self._tuner.start(*(_going_on(resume) if resume else ()))
        begun = "goes on" if resume else "has started"
        return f"The tune {begun}. It runs by itself, even when you quit."

    def stop(self) -> str:
        """Ask the running tune to stop; says so. Raises UsageError when none runs."""
        newest = self._newest()
        running = newest is not None and newest.state == "running"
        self._tuner.stop(self._store.run_process(newest.id) if newest and running else None)
        return "The tune was asked to stop; what answers now stays as it is."

    def failure(self) -> str:
        """Why the tune that was started here ended before it had a row to say it in, once."""
        sentence = self._tuner.failure()
        return "" if sentence and self._begun(self._newest()) else sentence

    def glance(self, session: Session | None) -> Glance:
        """What the chat screen shows; without a session there is no model to adapt."""
        newest = self._newest()
        adapter = session.adapter() if session else None
        told = news(session, newest, adapter) if session else None
        return Glance(adapter, newest, self._offer(session, newest), told)

    def report(self, run_id: str) -> tuple[Run, str]:
        """The report of a run as Markdown, "" for the last one that has ended; and that run."""
        from localai.morning.making import morning  # not before somebody reads one
        from localai.morning.markdown import report

        ended = (run for run in self._store.runs() if run.state != "running")
        run = self._store.run(run_id) if run_id else next(ended, None)
        if run is None:
            raise UsageError("No tune has ended yet; correct some answers, then start one.")
        return run, report(morning(self._store, run))

    def question(self, session: Session) -> str:
        """A question that what answers now has learned. Raises UsageError where none is known."""
        from localai.morning.making import question

        adapter = session.adapter()
        found = question(self._store, adapter) if adapter else ""
        if not found:
            raise UsageError(
                "There is no question here that a tune taught; b on any answer asks both."
            )
        return found

    def overview(self, session: Session | None) -> Overview:
        """What the learning screen shows."""
        runs = self._store.runs(limit=MOST_RUNS)
        adapters = self._adapters(session) if session else ()
        accepted = self._accepted()
        waiting = self._waiting(accepted, adapters)
        metrics = self._store.metrics(runs[0].id) if runs else ()
        return Overview(
            adapter=session.adapter() if session else None,
            waiting=tuple(self._lesson(example) for example in waiting),
            learned=len(accepted) - len(waiting),
            adapters=adapters,
            runs=runs,
            losses=tuple(values["loss"] for _, values in metrics if "loss" in values),
            starting=self._tuner.running and not self._begun(next(iter(runs), None)),
            unfinished=offers.unfinished(session, runs),
            trends=trends([run for run in runs if session and run.model == session.entry.name]),
        )

    def _offer(self, session: Session | None, newest: Run | None) -> Offer | None:
        """What there is to offer while no tune runs."""
        running = newest is not None and newest.state == "running"
        if session is None or running or self._tuner.running:
            return None
        unfinished = offers.cut_off(session, newest, self._now_accepted)
        return unfinished or offers.untaught(
            self._store, session, self._adapters(session), self._now_accepted
        )

    def _now_accepted(self) -> Mapping[str, str]:
        """The data sets of all accepted examples by id, as of a while ago at most: they may be
        very many, and an offer is looked for each second."""
        if (now := time.monotonic()) >= self._count_at:
            self._counted, self._count_at = self._store.accepted_sets(), now + COUNT_SECONDS
        return self._counted

    def _adapters(self, session: Session) -> tuple[Adapter, ...]:
        base = self._known_base(session)
        return self._store.adapters(base) if base else ()

    def _base(self, session: Session) -> str:
        """The hash of the model's file. Raises UsageError when nothing was learned for it."""
        base = self._known_base(session)
        if not base:
            raise UsageError("Nothing was learned for this model yet; start a tune first.")
        return base

    def _known_base(self, session: Session) -> str:
        """The hash of the model's file, "" when no adapter can belong to it."""
        path = required_path(session.entry)
        try:
            size = path.stat().st_size
        except OSError:
            return ""
        return file_hash(self._store, path) if size in self._store.adapter_sizes() else ""

    def _begun(self, newest: Run | None) -> bool:
        """Whether the newest run began, or was gone on with, after the last start here."""
        return newest is not None and (newest.id, newest.number) != self._newest_at_start

    def _newest(self) -> Run | None:
        return next(iter(self._store.runs(limit=1)), None)

    def _accepted(self) -> tuple[StoredExample, ...]:
        """What the next tune learns, oldest first: the accepted examples of the user's own."""
        return self._store.examples(state="accepted", name="")[::-1]

    def _waiting(
        self, accepted: Sequence[StoredExample], adapters: Sequence[Adapter]
    ) -> list[StoredExample]:
        """Those that the newest of the model's adapters was not made from."""
        learned = self._store.learned(adapters[0] if adapters else None)
        return [example for example in accepted if example.id not in learned]

    def _lesson(self, example: StoredExample) -> Lesson:
        rejected = self._store.message(example.rejected).message.text if example.rejected else ""
        return Lesson(example.id, example.question, rejected, example.answer)


def _going_on(run: Run) -> tuple[str, ...]:
    """The options that go on with a run."""
    name = run.plan.get("data", "")
    return ("--resume", *(("--data", name) if name else ()))


def _name(adapter: Adapter | None) -> str:
    return adapter.name if adapter is not None else "the bare model"
