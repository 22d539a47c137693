"""A conversation held with an engine: the life of one turn, from the question to the row.

A front end iterates over the events of `send` or `regenerate` in one thread and may call
`cancel` from any other. What the user said is committed before the model starts, and
what the model said is kept whatever ends it. It knows neither screens nor llama.cpp.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing

import msgspec

from localai.catalog import ModelEntry
from localai.chat import steps
from localai.chat.adapters import Ready, active_adapter, prepare
from localai.chat.calls import Calls, tainted
from localai.chat.consent import Approve, Consent, deny
from localai.chat.offer import Offer, offer
from localai.chat.prompt import Prompter, Style
from localai.chat.reading import Reader
from localai.chat.recorder import AnswerRecorder
from localai.chat.turn import AnswerFinished, AnswerStarted, ResultsSaved, TurnEvent, UserSaved
from localai.config import Settings
from localai.conversation import Completion, Delta, Finished, Message, PromptProgress, user
from localai.engine.base import Engine, ModelInfo, Request, TokenProbability
from localai.errors import EngineError, LocalaiError, UsageError
from localai.store.rows import Conversation, Origin, Status, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox

TITLE_LENGTH = 60
RESULT_CHARACTERS = 2
"""Characters of results in a turn for each token of the window: about half of it."""


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
    text as it stands, without any chat template. `toolbox` holds the tools that the model is
    offered; `approve` asks the user, in the thread of the turn, where a call needs it; `stop`, set
    along with a cancel of the engine, ends the tools that run.
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
        toolbox: Toolbox | None = None,
        approve: Approve = deny,
        stop: threading.Event | None = None,
    ) -> None:
        self.store, self.engine, self.settings, self.entry = store, engine, settings, entry
        self.conversation = conversation
        self._system = system or settings.chat.system or entry.description.system
        self._raw, self._seed = raw, seed
        self._toolbox, self._approve = toolbox or Toolbox(), approve
        self._stop = stop or threading.Event()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools that the model may be offered, by name."""
        return self._toolbox.tools

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
        """Answer again, beside the answer that is there; or a question that has no answer.

        An answer that came by way of calls is given anew from the question on.
        """
        message = self.store.message(message_id)
        path = self.store.path(message_id)
        while path and path[-1].message.role != "user":
            path = path[:-1]
        if message.message.role == "system" or not path:
            raise UsageError("Only an answer can be given again; choose one of the model's.")
        self.conversation = self.store.conversation(message.conversation)
        yield from self._answer(path, style)

    def correct(self, message_id: str, text: str) -> StoredMessage:
        """Record what an answer should have been, and go on from there; the new message."""
        chosen = self.store.message(self.store.add_correction(message_id, text).chosen)
        self.conversation = self.store.conversation(chosen.conversation)
        return chosen

    def adapter(self) -> Adapter | None:
        """The adapter that is to answer next, None for the bare model."""
        return active_adapter(self.store, self.entry)

    def cancel(self) -> None:
        """Stop the running answer, or the tools it runs, soon; what it said so far is kept.
        Thread-safe."""
        self._stop.set()
        self.engine.cancel()

    def close(self) -> None:
        """End the engine and what the tools keep running."""
        self._toolbox.close()
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
        """Answer a path that ends with a question: generate, run the calls, generate again."""
        assert self.conversation is not None
        self._stop.clear()
        ready = prepare(self.engine, self.store, self.entry)
        if ready.refused is not None:
            yield ready.refused
        offered = None if self._raw else self._offer(ready.info)
        consent = Consent(self.store, self.conversation.id, self._approve)
        calls = Calls(self._toolbox, consent, self._stop, self.conversation.id)
        room = self.settings.tools.most_calls
        left = ready.info.n_ctx * RESULT_CHARACTERS
        while True:
            answer = yield from self._generate(path, style, ready, offered, room)
            wanted = answer.message.calls
            if not wanted or answer.status != "done":
                return
            dropped = answer.origin.dropped if answer.origin else 0
            kept = [stored.message for stored in path[dropped:]]
            results = yield from calls.run(wanted, most=room, room=left, tainted=tainted(kept))
            left -= sum(len(result.text) for result in results)
            row = self.store.add_message(self.conversation.id, answer.id, Message("tool", results))
            yield ResultsSaved(row)
            # One more answer when no call is left; a model that still calls then is let go.
            if room <= 0 or self._stop.is_set():
                return
            room -= len(wanted)
            path = (*path, answer, row)

    def _offer(self, info: ModelInfo) -> Offer | None:
        described = self.entry.description.tool_format
        return offer(self._toolbox, info, described, self.settings.tools.offer)

    def _generate(
        self,
        path: Sequence[StoredMessage],
        style: Style,
        ready: Ready,
        offered: Offer | None,
        most: int,
    ) -> Generator[TurnEvent, None, StoredMessage]:
        """One message of the model's, which may be calls; the message as stored."""
        assert self.conversation is not None
        info = ready.info
        stepwise = style == "steps" and not (info.thinking or self._raw)
        messages = [stored.message for stored in path]
        if stepwise:
            messages = steps.instructed(messages)
        previous = next((s.origin.dropped for s in reversed(path) if s.origin), 0)
        prompter = self._prompter()
        dropped, rendered = prompter.prompt(messages, previous, info, style, offered)
        request = prompter.request(rendered, info, offered)
        origin = Origin(
            model=self.entry.name,
            model_path=info.path,
            adapter=ready.adapter.id if ready.adapter else "",
            vocab=info.vocab_hash,
            sampling=msgspec.structs.asdict(request.sampling),
            style=style,
            tools=tuple(offered.parameters) if offered else (),
            prompt=rendered.ids,
            dropped=dropped,
        )
        row = self.store.begin_answer(self.conversation.id, path[-1].id, origin)
        earlier = [call for message in messages for call in message.calls]
        recorder = AnswerRecorder(self.store, row, earlier, stepwise=stepwise)
        reader = Reader(offered, inside=rendered.in_reasoning, most=max(1, most))
        return (yield from self._stream(AnswerStarted(row, info.n_ctx), recorder, reader, request))

    def _prompter(self) -> Prompter:
        assert self.conversation is not None
        return Prompter(
            self.engine,
            self.settings,
            self.entry,
            self.conversation.system,
            raw=self._raw,
            seed=self._seed,
        )

    def _stream(
        self, started: AnswerStarted, recorder: AnswerRecorder, reader: Reader, request: Request
    ) -> Generator[TurnEvent, None, StoredMessage]:
        """Pass events on and close the row, however the generation ends."""
        status: Status = "cancelled"
        completion: Completion | None = None
        error = ""
        try:
            yield started
            with closing(self.engine.generate(request)) as events:
                for event in events:
                    if isinstance(event, Delta):
                        yield from recorder.add(reader.feed(event))
                        if reader.enough:
                            self.engine.cancel()
                    elif isinstance(event, PromptProgress):
                        yield event
                    elif isinstance(event, Finished):
                        completion = event.completion
            if completion is None:
                raise EngineError("The engine ended the answer without saying how; ask again.")
            yield from recorder.add(reader.end())
            if reader.enough:
                completion = reader.kept(completion, self.engine.pieces(completion.ids))
            if completion.finish_reason != "cancelled":
                status = "done"
        except LocalaiError as problem:
            status, error = "failed", str(problem)
            raise
        finally:
            stored = recorder.finish(status, completion, error)
        yield AnswerFinished(stored)
        return stored
