"""A deterministic engine that says what it was told to: for tests of behaviour.

It keeps the whole contract of `engine.base.Engine` (prompt reuse, reasoning, stop
strings, cancel, context limit, crashes) without a model, a process or a clock. It does
not sample: sampling options are recorded and otherwise ignored. Its prompt markup is
ChatML, its tokens are words.
"""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence

from localai.conversation import (
    Delta,
    Event,
    Finished,
    FinishReason,
    Message,
    PromptProgress,
)
from localai.engine.base import (
    Beside,
    EngineState,
    ModelInfo,
    Rendered,
    RenderOptions,
    Request,
    Thinking,
    TokenProbability,
)
from localai.engine.prefix import common
from localai.engine.script import WORD, Script, completion, said, spoken
from localai.engine.scripted_many import ScriptedMany
from localai.errors import ContextOverflow, EngineCrashed, EngineError, LocalaiError

__all__ = ["Script", "ScriptedEngine"]

START, END = 1, 2
CONTROL = {START: "<|im_start|>", END: "<|im_end|>"}
FIRST_WORD_ID = 16
VOCAB_HASH = hashlib.sha256(b"localai scripted words").hexdigest()


class ScriptedEngine(ScriptedMany):
    """Gives `replies` one after the other; the last one is repeated for ever.

    `tuned` holds what is said instead under an adapter, by its sha256. `load_error` is
    raised by every attempt to load, `adapter_error` by every one to put an adapter on,
    also by the first call after a restart with one. `template` is what it says its chat
    template is, which then knows tools.
    `requests` and `adapters` hold what was asked for, the latter as (path, sha256), and
    `beside` what is ready beside that;
    `held` is set while a generation waits at its script's `hold_at`.
    """

    def __init__(
        self,
        replies: Sequence[str | Script] = ("Hello!",),
        *,
        n_ctx: int = 4096,
        thinking: Thinking | None = None,
        tuned: Mapping[str, str] | None = None,
        load_error: LocalaiError | None = None,
        adapter_error: LocalaiError | None = None,
        name: str = "scripted",
        template: str = "",
    ) -> None:
        self.requests: list[Request] = []
        self.adapters: list[tuple[str, str]] = []
        self.held = threading.Event()
        self._replies = [Script(r) if isinstance(r, str) else r for r in replies]
        self._n_ctx = n_ctx
        self._thinking = thinking
        self._load_error, self.adapter_error = load_error, adapter_error
        self._tuned, self._adapter, self._scale = dict(tuned or {}), "", 1.0
        self.beside: Beside | None = None
        self._name, self._template = name, template
        self._state: EngineState = "stopped"
        self._closed = False
        self._words: dict[int, str] = dict(CONTROL)
        self._cached: dict[Beside | None, tuple[int, ...]] = {}  # each side has its own
        self._go_on = threading.Event()
        self._cancelled = threading.Event()

    @property
    def state(self) -> EngineState:
        """What the engine is doing."""
        return self._state

    def warm(self) -> None:
        """Load without reporting; a load error shows at the next call."""
        if not self._closed and self._load_error is None and self._state != "busy":
            self._state = "ready"

    def load(self) -> ModelInfo:
        """Be ready; raises `load_error` if one was given."""
        self._start()
        return ModelInfo(
            path=f"/scripted/{self._name}.gguf",
            name=self._name,
            architecture="scripted",
            n_ctx=self._n_ctx,
            n_vocab=FIRST_WORD_ID + 2**30,
            accelerator="cpu",
            template_source="file",
            vocab_hash=VOCAB_HASH,
            thinking=self._thinking,
            adapter=self._adapter,
            adapter_scale=self._scale,
            template=self._template,
            template_tools=bool(self._template),
        )

    def use_adapter(
        self, path: str, sha256: str, *, scale: float = 1.0, base: str = ""
    ) -> ModelInfo:
        """Answer as `tuned` says from the next request on; the cached prompt is forgotten."""
        self._start()
        self.adapters.append((path, sha256))
        if path and self.adapter_error is not None:
            raise self.adapter_error
        if (sha256, scale) != (self._adapter, self._scale):
            self._adapter, self._scale = sha256, scale
            self._cached.pop(None, None)
        return self.load()

    def use_beside(self, beside: Beside) -> None:
        """Answer requests beside what is in force as `tuned` says."""
        self._start()
        if beside.adapter.path and self.adapter_error is not None:
            raise self.adapter_error
        self.beside = beside

    def free_beside(self) -> None:
        """There is no adapter beside any more."""
        self.beside = None

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        """ChatML: a start marker, the role, the text, an end marker for every message."""
        self._start()
        ids: list[int] = []
        weights: list[float] = []
        for message in messages:
            head = (START, *self.tokenize(f"{message.role}\n"))
            sampled = message.ids if message.vocab == VOCAB_HASH else ()
            body = (*(sampled or self.tokenize(said(message))), END)
            ids += [*head, *body, *self.tokenize("\n")]
            own = 1.0 if message.role == "assistant" and message.learn else 0.0
            weights += [0.0] * len(head) + [own] * len(body) + [0.0]
        tail = self._opening(options)
        inside = self._thinking is not None and self._thinking.opened_in(options.prefill)
        return Rendered((*ids, *tail), (*weights, *([0.0] * len(tail))), inside)

    def tokenize(self, text: str) -> tuple[int, ...]:
        """A stable id for every word, with the space before it."""
        self._start()
        return tuple(self._id(word) for word in re.findall(WORD, text))

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The words of `ids`; U+FFFD for one that this engine has not met."""
        self._start()
        return tuple(self._words.get(id, "\ufffd") for id in ids)

    def generate(self, request: Request) -> Generator[Event, None, None]:
        """The next reply as events. Raises ContextOverflow, EngineError or EngineCrashed."""
        self._start()
        if len(request.ids) >= self._n_ctx:
            raise ContextOverflow(
                f"The prompt has {len(request.ids)} tokens and the context window {self._n_ctx}; "
                "shorten it or load the model with a larger context."
            )
        self._cancelled.clear()
        return self._events(request)

    def cancel(self) -> None:
        """End the running generation at its next token, or at once where it is held."""
        self._cancelled.set()
        self._go_on.set()

    def release(self) -> None:
        """Let a held generation go on."""
        self._go_on.set()

    def probabilities(
        self, ids: Sequence[int], start: int, beside: Beside | None = None
    ) -> tuple[TokenProbability, ...]:
        """A made-up but stable probability for every token from `start` on."""
        texts = self.pieces(ids)
        return tuple(
            TokenProbability(id, text, 1.0 / (1 + id % 4), ((text, 1.0 / (1 + id % 4)),))
            for id, text in list(zip(ids, texts, strict=True))[start:]
        )

    def keep(self) -> None:
        """There is nothing to save."""

    def unload(self) -> None:
        """Forget the cached prompt and stop; the next call starts again."""
        if self._state == "busy":
            raise EngineError("The model is answering; stop the answer before unloading it.")
        self._state = "stopped"
        self._cached.clear()

    def close(self) -> None:
        """End for good; a running generation is cancelled."""
        self.cancel()
        self._closed = True
        self._state = "stopped"

    def _start(self) -> None:
        if self._closed:
            raise EngineError("The engine was closed; open it again.")
        if self._state == "busy":
            raise EngineError("The model is already answering; wait or stop it first.")
        if self._load_error is not None:
            raise self._load_error
        restarted, self._state = self._state in ("stopped", "crashed"), "ready"
        if restarted and self._adapter and self.adapter_error is not None:
            self._adapter = ""
            raise self.adapter_error

    def _opening(self, options: RenderOptions) -> tuple[int, ...]:
        if not options.generation_prompt:
            return ()
        text = "assistant\n"
        if self._thinking is not None and options.thinking is False:
            text += self._thinking.open + self._thinking.close
        return (START, *self.tokenize(text + options.prefill))

    def _id(self, word: str) -> int:
        id = FIRST_WORD_ID + (zlib.crc32(word.encode("utf-8", "replace")) >> 2)
        while self._words.setdefault(id, word) != word:
            id += 1
        return id

    def _events(self, request: Request) -> Generator[Event, None, None]:
        self._start()
        self._state = "busy"
        reply = self._replies[min(len(self.requests), len(self._replies) - 1)]
        adapter = request.beside.adapter.sha256 if request.beside else self._adapter
        if adapter in self._tuned:
            reply = Script(self._tuned[adapter])
        self.requests.append(request)
        try:
            yield from self._answer(request, reply)
        finally:
            if self._state == "busy":
                self._state = "ready"

    def _answer(self, request: Request, reply: Script) -> Iterator[Event]:
        total = len(request.ids)
        before = self._cached.get(request.beside, ())
        cached = min(common(before, request.ids), total - 1 if total else 0)
        self._cached[request.beside] = request.ids
        yield PromptProgress(total, total)
        room = self._n_ctx - total
        limit = min(room, request.max_tokens) if request.max_tokens else room
        pending = 0
        generated: list[int] = []
        reasoning = 0
        finish: FinishReason = "stop"
        for word, kind in spoken(reply.text, request):
            self._wait_or_crash(reply, len(generated))
            if self._cancelled.is_set() or len(generated) == limit:
                finish = "cancelled" if self._cancelled.is_set() else "length"
                break
            generated.append(self._id(word))
            reasoning += kind == "reasoning"
            pending += 1
            if kind != "marker":
                yield Delta(word, kind, pending)
                pending = 0
        ids = tuple(generated)
        self._cached[request.beside] = (*request.ids, *ids)
        yield Finished(completion(VOCAB_HASH, finish, total, cached, ids, reasoning))

    def _wait_or_crash(self, reply: Script, token: int) -> None:
        if reply.crash_at == token:
            self._state = "crashed"
            self._cached.clear()
            raise EngineCrashed("The engine crashed as scripted; send the message again.")
        if reply.hold_at == token:
            self._go_on.clear()
            if not self._cancelled.is_set():
                self.held.set()
                self._go_on.wait()
                self.held.clear()
