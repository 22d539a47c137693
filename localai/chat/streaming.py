"""One generation: the engine's events through the reader into the store and to whoever listens."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing

from localai.chat.reading import Reader
from localai.chat.recorder import AnswerRecorder
from localai.chat.turn import AnswerFinished, AnswerStarted, TurnEvent
from localai.conversation import Completion, Delta, Finished, PromptProgress
from localai.engine.base import Engine, Request
from localai.errors import EngineError, LocalaiError
from localai.store.rows import Status, StoredMessage


def stream(
    engine: Engine,
    stop: threading.Event,
    started: AnswerStarted,
    recorder: AnswerRecorder,
    reader: Reader,
    request: Request,
) -> Generator[TurnEvent, None, StoredMessage]:
    """Pass events on and close the row, however the generation ends."""
    status: Status = "cancelled"
    completion: Completion | None = None
    error = ""
    try:
        yield started
        with closing(engine.generate(request)) as events:
            for event in events:
                if isinstance(event, Delta):
                    yield from recorder.add(reader.feed(event), reader.held)
                elif isinstance(event, PromptProgress):
                    yield event
                elif isinstance(event, Finished):
                    completion = event.completion
                if completion is None and (reader.enough or stop.is_set()):
                    engine.cancel()
        if completion is None:
            raise EngineError("The engine ended the answer without saying how; ask again.")
        yield from recorder.add(reader.end())
        if reader.enough:
            completion = reader.kept(completion, engine.pieces(completion.ids))
        if completion.finish_reason != "cancelled":
            status = "done"
    except LocalaiError as problem:
        status, error = "failed", str(problem)
        raise
    finally:
        recorder.add(reader.end())  # what was held back is not lost, whatever ended this
        stored = recorder.finish(status, completion, error)
    yield AnswerFinished(stored)
    return stored
