"""The engine as the app holds it: a model in a child process, behind the engine contract.

Says what to ask the child and how long to wait; `supervisor` keeps the child alive,
`worker` is the other end. It does not know llama.cpp.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import msgspec

from localai.conversation import Completion, Delta, Event, Finished, Message
from localai.engine import frames
from localai.engine.base import (
    AdapterFile,
    Beside,
    EngineState,
    Job,
    LoadOptions,
    ModelInfo,
    Rendered,
    RenderOptions,
    Request,
    Sampled,
    Scores,
    Scoring,
    TokenProbability,
)
from localai.engine.deaths import Phase
from localai.engine.slices import sampled, scored
from localai.engine.supervisor import BUSY, Supervisor
from localai.errors import EngineError, LocalaiError

T = TypeVar("T", bound=frames.Answer)

GRACE = 5.0
KEEP_SECONDS = 10.0
CHARACTERS_PER_SECOND = 100_000


class Limits(msgspec.Struct, frozen=True):
    """Seconds of silence after which the engine counts as hung and is ended.

    `render` is short, since templates come from strangers; long texts get more.
    `prompt` is the time for one batch of prompt tokens, `token` for one token.
    """

    load: float = 600.0
    render: float = 10.0
    prompt: float = 600.0
    token: float = 120.0


class EngineProcess:
    """Implements `base.Engine`. The model is loaded by the first call that needs it.

    `state`, `warm`, `cancel`, `unload` and `close` may be called from any thread and never
    wait for the model; the other calls take turns, and are refused with EngineError while
    a generation runs. `command` starts something else than the real engine (fault tests).
    The engine's own output goes to `log_path` (default: the log folder).
    """

    def __init__(
        self,
        options: LoadOptions,
        *,
        log_path: Path | None = None,
        command: Sequence[str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._child = Supervisor(options, log_path, command, self._limits.load)

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def state(self) -> EngineState:
        """What the engine is doing; never blocks."""
        return self._child.state

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid

    def warm(self) -> None:
        """Begin to load, without waiting for it; a failure shows at the next call."""
        self._child.warm()

    def load(self) -> ModelInfo:
        """Start and load if needed; what is loaded."""
        with self._child.turn():
            self._child.ready()
            assert self._child.info is not None
            return self._child.info

    def use_adapter(
        self, path: str, sha256: str, *, scale: float = 1.0, base: str = ""
    ) -> ModelInfo:
        """Answer with this adapter from the next request on; what is loaded then.

        A child that dies of it costs an AdapterError, and the next one is told what the one
        before was told.
        """
        with self._child.turn():
            self._child.use_adapter(AdapterFile(path, sha256, scale, base))
            assert self._child.info is not None
            return self._child.info

    def use_beside(self, beside: Beside) -> None:
        """Have another adapter ready beside the one in force."""
        self._aside(beside)

    def free_beside(self) -> None:
        """Free the memory of the context beside, if there is one."""
        if self._child.info is not None:
            self._aside(None)

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        """The prompt for a conversation. A template that takes too long ends the engine."""
        kept = tuple(messages)
        size = sum(len(message.text) + len(message.reasoning) for message in kept)
        seconds = self._limits.render + size / CHARACTERS_PER_SECOND
        answer = self._ask(
            lambda number: frames.Render(number, kept, options, seconds),
            frames.Prompt,
            seconds + GRACE,
            "building the prompt",
        )
        return answer.rendered

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Ids of raw text, as a completion prompt."""
        seconds = self._limits.render + GRACE + len(text) / CHARACTERS_PER_SECOND
        answer = self._ask(
            lambda number: frames.Tokenize(number, text),
            frames.Ids,
            seconds,
            "building the prompt",
        )
        return answer.ids

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The text of each id, control tokens included."""
        kept = tuple(ids)
        answer = self._ask(
            lambda number: frames.Pieces(number, kept),
            frames.Texts,
            self._limits.render + GRACE,
            "building the prompt",
        )
        return answer.texts

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """Events of one generation, the last one Finished. Closing the iterator cancels."""
        if self._child.running:
            raise EngineError(BUSY)
        self._child.cancelled.clear()
        return self._events(request)

    def cancel(self) -> None:
        """Stop the running generation soon; it still ends with Finished. Thread-safe."""
        self._child.cancel()

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        """For each position from `start` on: how probable that token was given those before."""
        kept = tuple(ids)
        answer = self._ask(
            lambda number: frames.Probe(number, kept, start, beside),
            frames.Probed,
            self._limits.prompt,
            "reading the prompt",
        )
        return answer.tokens

    def keep(self) -> None:
        """Have a long conversation's cache saved, unless the engine is busy or not there."""
        if self.state == "ready":
            with suppress(LocalaiError):
                self._ask(frames.Keep, frames.Kept, KEEP_SECONDS, "reading the prompt")

    def sample(
        self, jobs: Sequence[Job], stop: threading.Event | None = None
    ) -> Generator[Sampled, None, None]:
        """All samples of all jobs, in the order in which they end. Closing it or `stop` ends
        them."""
        return sampled(self._child, jobs, self._limits.prompt, stop)

    def score(self, questions: Sequence[Scoring]) -> tuple[Scores, ...]:
        """How likely the continuations of each prompt are, shared beginnings read once."""
        return scored(self._child, questions, self._limits.prompt)

    def unload(self) -> None:
        """End the child; the next call starts another. EngineError while it is in use."""
        self._child.unload()

    def close(self) -> None:
        """End for good; a running call gets an EngineError."""
        self._child.close()

    def _aside(self, beside: Beside | None) -> None:
        self._ask(
            lambda number: frames.UseBeside(number, beside),
            frames.Loaded,
            self._limits.load,
            "reading the adapter",
        )

    def _ask(
        self, make: Callable[[int], frames.Command], kind: type[T], seconds: float, phase: Phase
    ) -> T:
        """One command and its one answer, from a loaded model."""
        with self._child.turn():
            self._child.ready()
            answer = self._child.receive(self._child.send(make, phase), seconds, phase)
            if not isinstance(answer, kind):
                raise self._child.garbled(phase)
            return answer

    def _begin(self, request: Request) -> int:
        """Send the request; its number, or 0 when it was cancelled before that."""
        with self._child.turn():
            if not self._child.ready(give_up=self._child.cancelled):
                return 0
            number = self._child.send(
                lambda number: frames.Generate(number, request), "reading the prompt"
            )
        if self._child.cancelled.is_set():
            self._child.cancel()
        return number

    def _events(self, request: Request) -> Generator[Event, None, None]:
        number = self._begin(request)
        if not number:
            yield Finished(Completion("cancelled"))
            return
        phase: Phase = "reading the prompt"
        seconds = self._limits.prompt
        try:
            while True:
                answer = self._child.receive(number, seconds, phase)
                if not isinstance(answer, frames.Happened):
                    raise self._child.garbled(phase)
                if isinstance(answer.event, Delta):
                    phase, seconds = "answering", self._limits.token
                if isinstance(answer.event, Finished):
                    self._child.finish(number)
                    yield answer.event
                    return
                yield answer.event
        finally:
            self._child.finish(number, cancel=True)
