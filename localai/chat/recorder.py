"""Writes one answer into the store while it streams.

The row exists before the first token and is brought up to date at least every quarter
of a second, so that a crash of anything loses at most that much text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from localai.chat import steps
from localai.chat.calls import numbered
from localai.chat.reading import Piece
from localai.conversation import (
    Completion,
    Delta,
    DeltaKind,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
)
from localai.errors import StoreError
from localai.store.rows import Status, StoredMessage
from localai.store.store import Store

FLUSH_SECONDS = 0.2
"""Seconds between writes; the promise to the user is 0.25."""


class AnswerRecorder:
    """The growing parts of one answer. `stepwise` folds what comes before "Answer:"; `earlier`
    are the calls of the messages before, whose ids are taken."""

    def __init__(
        self,
        store: Store,
        row: StoredMessage,
        earlier: Sequence[ToolCall] = (),
        *,
        stepwise: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._row, self._clock = store, row, clock
        self._pieces: list[tuple[DeltaKind, str]] = []
        self._calls: list[ToolCall] = []
        self._earlier = tuple(earlier)
        self._splitter = steps.StepsSplitter() if stepwise else None
        self._written = clock()

    def add(self, pieces: Sequence[Piece], held: str = "") -> list[Delta]:
        """Take in what is new; what a front end shows for it as text. `held` is text of which
        it is not known what it is; it is saved with the rest."""
        shown: list[Delta] = []
        for piece in pieces:
            if isinstance(piece, ToolCall):
                self._calls.append(numbered(piece, (*self._earlier, *self._calls)))
            else:
                shown += self._text(piece)
        if self._clock() - self._written >= FLUSH_SECONDS:
            self._flush(held)
        return shown

    def _text(self, delta: Delta) -> list[Delta]:
        if self._splitter is None or delta.kind == "reasoning":
            shown = [delta]
        else:
            found = self._splitter.feed(delta.text)
            shown = [
                Delta(text, kind, delta.tokens if i == 0 else 0)
                for i, (kind, text) in enumerate(found)
            ]
        self._pieces += [(piece.kind, piece.text) for piece in shown]
        return shown

    def _flush(self, held: str) -> None:
        """Write what there is now. A full disk is not the end of the answer: the next
        flush tries again, and `finish` has the last word."""
        with suppress(StoreError):
            uncertain = (Text(held),) if held else ()
            self._store.flush_answer(self._row.id, (*self.parts(), *uncertain))
        self._written = self._clock()

    def finish(
        self, status: Status, completion: Completion | None, error: str = ""
    ) -> StoredMessage:
        """Close the row; the answer as stored."""
        if self._splitter is not None:
            self._pieces += self._splitter.end()
        message = Message(
            "assistant",
            self.parts(),
            ids=completion.ids if completion else (),
            vocab=completion.vocab if completion else "",
        )
        return self._store.finish_answer(self._row.id, message, completion, status, error)

    def parts(self) -> tuple[Part, ...]:
        """The message parts so far: reasoning first, then the answer, then calls."""
        return (*self._texts(), *self._calls)

    def _texts(self) -> tuple[Part, ...]:
        if self._splitter is not None:
            return steps.parts(self._pieces)
        reasoning = "".join(text for kind, text in self._pieces if kind == "reasoning")
        answer = "".join(text for kind, text in self._pieces if kind == "text")
        found: tuple[Part, ...] = (Reasoning(reasoning),) if reasoning else ()
        return (*found, Text(answer)) if answer else found
