"""Runs one turn of a session and shows it: the events of `chat.turn` on one side, a view
and a quiet line of progress on the other.

A reader that went away (`| head -1`) or a signal stops the answer; what was said until
then is stored like any other answer. It does not know where the text goes.
"""

from __future__ import annotations

import errno

from localai import paths
from localai.chat import call_line
from localai.chat.answering import Events
from localai.chat.turn import (
    AdapterRefused,
    AnswerFinished,
    AnswerStarted,
    CallFinished,
    CallStarted,
    Remark,
    TurnEvent,
)
from localai.cli.failure import discard_stdout, note
from localai.cli.interrupts import Interrupts
from localai.cli.output import AnswerView, Silent
from localai.cli.progress import Progress
from localai.conversation import Delta, PromptProgress, ToolCall, ToolResult
from localai.errors import LocalaiError
from localai.room import Room
from localai.store.rows import StoredMessage

LOADING = "Loading the model …"
PAUSING = "Loading the model once the tune has paused …"


class Turn:
    """One question and its answer. `count_answer` shows progress while text arrives,
    for when nothing else does. `calls` are those of the turn; `lost_reader` tells why nobody
    gets the answer."""

    def __init__(
        self,
        view: AnswerView,
        progress: Progress,
        interrupts: Interrupts,
        *,
        count_answer: bool = False,
    ) -> None:
        self._view, self._progress = view, progress
        self._interrupts, self._count_answer = interrupts, count_answer
        self._tokens = {"reasoning": 0, "text": 0}
        self._seen_text = False
        self.calls: list[tuple[ToolCall, ToolResult]] = []
        self.lost_reader: OSError | None = None

    def run(self, events: Events) -> StoredMessage:
        """Show what a session does; the answer as stored. Raises LocalaiError after storing
        what came."""
        pauses = Room(paths.home()).trainer
        self._progress.show(PAUSING if pauses else LOADING)
        answer: StoredMessage | None = None
        try:
            for event in events:
                if isinstance(event, AnswerFinished):
                    answer = event.message
                    self._pause(answer)
                else:
                    self._show(event)
        finally:
            events.close()
            self._progress.clear()
            self._end(answer)
        assert answer is not None, "a turn ends with its answer or with an exception"
        return answer

    def _show(self, event: TurnEvent) -> None:
        if isinstance(event, AnswerStarted):
            self._interrupts.answering = True
            self._progress.clear()
            if event.dropped:
                note(left_out(event))
        elif isinstance(event, Remark):
            note(event.text)
        elif isinstance(event, AdapterRefused):
            note(f"{event.name} does not answer: {event.error}")
        elif isinstance(event, PromptProgress):
            self._progress.show(f"Reading {event.read:,} of {event.total:,} tokens …")
        elif isinstance(event, CallStarted):
            self._progress.show(f"Running {event.call.name} …")
        elif isinstance(event, CallFinished):
            self._progress.clear()
            self.calls.append((event.call, event.result))
            self._report(event)
        elif isinstance(event, Delta):
            self._delta(event)

    def _pause(self, answer: StoredMessage) -> None:
        """Set what was said before a call off from what comes after it."""
        if answer.message.calls and self._seen_text:
            self._write(Delta("\n\n", tokens=0))

    def _report(self, event: CallFinished) -> None:
        """A line about a call; one without a result is told even where nobody looks."""
        line = call_line.line(event.call, event.result)
        if event.result.ok:
            self._progress.leave(line)
        else:
            note(line)

    def _delta(self, delta: Delta) -> None:
        self._tokens[delta.kind] += delta.tokens
        if delta.kind == "text" and not self._seen_text:
            self._seen_text = True
            self._progress.clear()
            self._fold_reasoning()
        if delta.kind == "reasoning":
            if not self._view.shows_reasoning:
                self._progress.show(f"Thinking · {self._tokens['reasoning']:,} tokens")
        elif self._count_answer:
            self._progress.show(f"Writing · {self._tokens['text']:,} tokens")
        self._write(delta)

    def _fold_reasoning(self) -> None:
        """What is left of the reasoning on the screen when the answer begins."""
        if self._tokens["reasoning"] and not self._view.shows_reasoning:
            self._progress.leave(f"Thought for {self._tokens['reasoning']:,} tokens")

    def _write(self, delta: Delta) -> None:
        try:
            if delta.kind == "reasoning":
                self._view.reasoning(delta.text)
            else:
                self._view.text(delta.text)
        except OSError as error:
            self._lose_reader(error)

    def _end(self, answer: StoredMessage | None) -> None:
        """Finish the view. Text that was taken for reasoning while it streamed, but turned
        out to be the answer, is shown now."""
        try:
            if answer is not None and not self._seen_text and answer.message.text:
                self._view.text(answer.message.text)
            self._view.close()
        except OSError as error:
            self._lose_reader(error)

    def _lose_reader(self, error: OSError) -> None:
        """Stop: there is no point in going on for nobody."""
        self._view = Silent()
        self._interrupts.stop()
        self.lost_reader = error


def left_out(event: AnswerStarted) -> str:
    """The note that the conversation has outgrown the window."""
    count = f"{event.dropped:,} earlier messages" if event.dropped > 1 else "The first message"
    verb = "no longer fit" if event.dropped > 1 else "no longer fits"
    return (
        f"{count} {verb} into the context window of {event.context:,} tokens; "
        "the model answers without them."
    )


def forgive(error: OSError) -> None:
    """A pipe or terminal that was closed is no failure; a full disk is."""
    discard_stdout()
    if error.errno not in (errno.EPIPE, errno.EIO):
        raise LocalaiError(
            f"The answer cannot be written ({error.strerror}); what there is of it is kept: "
            "localai history show latest"
        ) from error
