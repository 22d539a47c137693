"""A conversation held with an engine: the life of one turn, from the question to the row.

A front end iterates over the events of `send` or `regenerate` in one thread and may call
`cancel` from any other. What the user said is committed before the model starts, and
what the model said is kept whatever ends it. It knows neither screens nor llama.cpp.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Literal

import msgspec

from localai.catalog import ModelEntry
from localai.chat import context, steps
from localai.chat.adapters import active_adapter, prepare
from localai.chat.recorder import AnswerRecorder
from localai.chat.turn import AnswerFinished, AnswerStarted, TurnEvent, UserSaved
from localai.config import Settings
from localai.conversation import Completion, Delta, Finished, Message, PromptProgress, system, user
from localai.engine.base import (
    Engine,
    ModelInfo,
    ReasoningRule,
    Rendered,
    RenderOptions,
    Request,
    Sampling,
    TokenProbability,
)
from localai.errors import EngineError, LocalaiError, UsageError
from localai.store.rows import Conversation, Origin, Status, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter

Style = Literal["direct", "steps"]

TITLE_LENGTH = 60


class Inspection(msgspec.Struct, frozen=True):
    """An answer with the exact prompt it came from, one string a token.

    `prompt` and `sampled` are empty when the answer came from another model than the one
    in use, whose tokens cannot be read back.
    """

    answer: StoredMessage
    prompt: tuple[str, ...]
    sampled: tuple[str, ...]


class Session:
    """One conversation, open for talking.

    `conversation` None starts a new one with the first question. `raw` continues the
    text as it stands, without any chat template.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        settings: Settings,
        entry: ModelEntry,
        conversation: Conversation | None = None,
        system: str = "",
        *,
        raw: bool = False,
        seed: int | None = None,
    ) -> None:
        self.store, self.engine, self.settings, self.entry = store, engine, settings, entry
        self.conversation = conversation
        self._system = system or settings.chat.system or entry.description.system
        self._raw, self._seed = raw, seed

    def messages(self) -> tuple[StoredMessage, ...]:
        """The conversation from its first message to where it stands."""
        if self.conversation is None:
            return ()
        self.conversation = self.store.conversation(self.conversation.id)
        return self.store.path(self.conversation.leaf) if self.conversation.leaf else ()

    def send(self, text: str, *, style: Style = "direct") -> Generator[TurnEvent, None, None]:
        """Ask; events until the answer is stored. Raises LocalaiError after storing what came."""
        if not text.strip():
            raise UsageError("There is nothing to send; write a question first.")
        if self.conversation is None:
            title = text.strip().splitlines()[0][:TITLE_LENGTH]
            self.conversation = self.store.create_conversation(title, self._system)
        path = self.messages()
        parent = path[-1].id if path else ""
        question = self.store.add_message(self.conversation.id, parent, user(text))
        yield UserSaved(question)
        yield from self._answer((*path, question), style)

    def regenerate(
        self, message_id: str, *, style: Style = "direct"
    ) -> Generator[TurnEvent, None, None]:
        """Answer again, beside the answer that is there; or a question that has no answer."""
        message = self.store.message(message_id)
        role = message.message.role
        if role != "user" and not (role == "assistant" and message.parent):
            raise UsageError("Only an answer can be given again; choose one of the model's.")
        self.conversation = self.store.conversation(message.conversation)
        question = message.id if role == "user" else message.parent
        yield from self._answer(self.store.path(question), style)

    def correct(self, message_id: str, text: str) -> StoredMessage:
        """Record what an answer should have been, and go on from there; the new message."""
        chosen = self.store.message(self.store.add_correction(message_id, text).chosen)
        self.conversation = self.store.conversation(chosen.conversation)
        return chosen

    def adapter(self) -> Adapter | None:
        """The adapter that is to answer next, None for the bare model."""
        return active_adapter(self.store, self.entry)

    def cancel(self) -> None:
        """Stop the running answer soon; what it said so far is kept. Thread-safe."""
        self.engine.cancel()

    def close(self) -> None:
        """End the engine."""
        self.engine.close()

    def inspect(self, answer_id: str) -> Inspection:
        """What was sent to the model for an answer, and what it sampled."""
        answer = self.store.message(answer_id)
        info = self.engine.load()
        if answer.origin is None or answer.origin.vocab != info.vocab_hash:
            return Inspection(answer, (), ())
        return Inspection(
            answer,
            self.engine.pieces(answer.origin.prompt),
            self.engine.pieces(answer.message.ids),
        )

    def probabilities(self, answer_id: str) -> tuple[TokenProbability, ...]:
        """How probable each sampled token of an answer is to the model in use."""
        answer = self.store.message(answer_id)
        info = prepare(self.engine, self.store, self.entry).info
        if answer.origin is None or answer.origin.vocab != info.vocab_hash:
            raise UsageError("This answer came from another model; switch to it and look again.")
        prompt = answer.origin.prompt
        return self.engine.probabilities((*prompt, *answer.message.ids), len(prompt))

    def _answer(
        self, path: Sequence[StoredMessage], style: Style
    ) -> Generator[TurnEvent, None, None]:
        """Generate the answer to a path that ends with a question."""
        assert self.conversation is not None
        info, adapter, refused = prepare(self.engine, self.store, self.entry)
        if refused is not None:
            yield refused
        stepwise = style == "steps" and not (info.thinking or self._raw)
        messages = [stored.message for stored in path]
        if stepwise:
            messages[-1] = steps.with_instruction(messages[-1])
        previous = next((s.origin.dropped for s in reversed(path) if s.origin), 0)
        dropped, rendered = self._prompt(messages, previous, info, style)
        sampling = self._sampling()
        origin = Origin(
            model=self.entry.name,
            model_path=info.path,
            adapter=adapter.id if adapter else "",
            vocab=info.vocab_hash,
            sampling=msgspec.structs.asdict(sampling),
            style=style,
            prompt=rendered.ids,
            dropped=dropped,
        )
        row = self.store.begin_answer(self.conversation.id, path[-1].id, origin)
        recorder = AnswerRecorder(self.store, row, stepwise=stepwise)
        request = Request(
            ids=rendered.ids,
            sampling=sampling,
            max_tokens=self.settings.chat.max_tokens,
            reasoning=self._reasoning_rule(info, rendered),
        )
        yield from self._stream(AnswerStarted(row, info.n_ctx), recorder, request)

    def _stream(
        self, started: AnswerStarted, recorder: AnswerRecorder, request: Request
    ) -> Generator[TurnEvent, None, None]:
        """Pass events on and close the row, however the generation ends."""
        status: Status = "cancelled"
        completion: Completion | None = None
        error = ""
        try:
            yield started
            with closing(self.engine.generate(request)) as events:
                for event in events:
                    if isinstance(event, Delta):
                        yield from recorder.add(event)
                    elif isinstance(event, PromptProgress):
                        yield event
                    elif isinstance(event, Finished):
                        completion = event.completion
            if completion is None:
                raise EngineError("The engine ended the answer without saying how; ask again.")
            if completion.finish_reason != "cancelled":
                status = "done"
        except LocalaiError as problem:
            status, error = "failed", str(problem)
            raise
        finally:
            stored = recorder.finish(status, completion, error)
        yield AnswerFinished(stored)

    def _prompt(
        self, messages: Sequence[Message], previous: int, info: ModelInfo, style: Style
    ) -> tuple[int, Rendered]:
        """How many messages are left out, and the prompt made of the rest.

        `previous` is where the last prompt of this conversation began.
        """
        options = self._render_options(info, style)
        budget = info.n_ctx - context.reserve(info.n_ctx, self.settings.chat.max_tokens)
        prompts: dict[int, Rendered] = {}

        def count(first: int) -> int:
            prompts[first] = self._render(messages[first:], options)
            return len(prompts[first].ids)

        first = context.first_kept(messages, count, budget, previous)
        return first, prompts[first]

    def _render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        assert self.conversation is not None
        if self._raw:
            ids = self.engine.tokenize("".join(message.text for message in messages))
            return Rendered(ids, (0.0,) * len(ids))
        head = (system(self.conversation.system),) if self.conversation.system else ()
        return self.engine.render((*head, *context.prompt_messages(messages)), options)

    def _render_options(self, info: ModelInfo, style: Style) -> RenderOptions:
        """Reasoning on or off as set; a stepwise answer turns it on where the model can."""
        wish = self.settings.chat.thinking
        thinking = None if wish == "auto" else wish == "on"
        if style == "steps" and info.thinking:
            thinking = True
        return RenderOptions(thinking=thinking)

    def _reasoning_rule(self, info: ModelInfo, rendered: Rendered) -> ReasoningRule | None:
        if info.thinking is None or self._raw:
            return None
        return ReasoningRule(
            open=info.thinking.open,
            close=info.thinking.close,
            inside=rendered.in_reasoning,
            budget=self.settings.chat.thinking_budget or None,
        )

    def _sampling(self) -> Sampling:
        """The model description's values, overridden by the user's settings.

        The seed is drawn here, so that what is recorded can be run again.
        """
        own = self.settings.sampling.model_dump(exclude_none=True)
        seed = random.getrandbits(32) if self._seed is None else self._seed
        return Sampling(**{**self.entry.description.sampling, **own, "seed": seed})
