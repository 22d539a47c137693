"""A conversation held with an engine: the life of one turn, from the question to the row.

A front end iterates over the events of `send` or `regenerate` in one thread and may call
`cancel` from any other. What the user said is committed before the model starts, and
what the model said is kept whatever ends it. It knows neither screens nor llama.cpp.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from localai.catalog import ModelEntry
from localai.chat import steps
from localai.chat.adapters import Ready, active_adapter, prepare
from localai.chat.calls import Calls, tainted
from localai.chat.consent import Approve, Consent, deny
from localai.chat.context import reserve
from localai.chat.examples import corrections_near
from localai.chat.fitting import fitted
from localai.chat.inspection import Inspection, inspect, probabilities
from localai.chat.offer import Offer, offer, wanted
from localai.chat.prompt import Prompter, Style
from localai.chat.reading import Reader
from localai.chat.recorder import AnswerRecorder
from localai.chat.streaming import stream
from localai.chat.turn import AnswerStarted, Remark, ResultsSaved, TurnEvent, UserSaved
from localai.config import Settings
from localai.conversation import Message, ToolResult, user
from localai.engine.base import Engine, ModelInfo, TokenProbability
from localai.errors import LocalaiError, UsageError
from localai.store.rows import Conversation, Origin, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter, Corrected
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox

TITLE_LENGTH = 60

OpenTools = Callable[[threading.Event], Toolbox]
"""Opens the tools; ends soon when the event is set."""


class Turn(NamedTuple):
    """What stays the same while one question is answered, however many calls that takes."""

    ready: Ready
    style: Style
    offered: Offer | None
    examples: tuple[Corrected, ...]
    prompter: Prompter


class Session:
    """One conversation, open for talking.

    `conversation` None starts a new one with the first question. `raw` continues the text as it
    stands, without a chat template. `open_tools` gives the tools, when a model is first told of
    them; `approve` asks the user, in the turn's thread, where a call needs it, without `standing`
    also where it was allowed before; `stop`, set with a cancel, ends the tools that run.
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
        open_tools: OpenTools = lambda stop: Toolbox(),
        approve: Approve = deny,
        standing: bool = True,
        stop: threading.Event | None = None,
    ) -> None:
        self.store, self.engine, self.settings, self.entry = store, engine, settings, entry
        self.conversation = conversation
        self._system = system or settings.chat.system or entry.description.system
        self._raw, self._seed = raw, seed
        self._open_tools, self._approve, self._standing = open_tools, approve, standing
        self._stop = stop or threading.Event()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools that the model may be offered, by name; opened if they are not."""
        return self._toolbox.tools

    @cached_property
    def _toolbox(self) -> Toolbox:
        return self._open_tools(self._stop)

    def messages(self) -> tuple[StoredMessage, ...]:
        """The conversation from its first message to where it stands."""
        if self.conversation is None:
            return ()
        self.conversation = self.store.conversation(self.conversation.id)
        return self.store.path(self.conversation.leaf, self.conversation.id)

    def send(self, text: str, *, style: Style = "direct") -> Generator[TurnEvent, None, None]:
        """Ask; events until the answer is stored. Raises LocalaiError after storing what came."""
        _check_said(text)
        if self.conversation is None:
            title = text.strip().splitlines()[0][:TITLE_LENGTH]
            self.conversation = self.store.create_conversation(title, self._system)
        yield from self._ask(self.messages(), text, style)

    def ask_instead(
        self, message_id: str, text: str, *, style: Style = "direct"
    ) -> Generator[TurnEvent, None, None]:
        """Ask something else in the place of a question, beside it; nothing is overwritten."""
        _check_said(text)
        asked = self.store.message(message_id)
        if asked.message.role != "user":
            raise UsageError("Only a question can be asked differently; choose one of yours.")
        # In a fork the question may be another one's, what is asked instead is the fork's.
        self.conversation = self.conversation or self.store.conversation(asked.conversation)
        yield from self._ask(self.store.path(asked.id)[:-1], text, style)

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
        self.conversation = self.conversation or self.store.conversation(message.conversation)
        yield from self._answer(path, style)

    def correct(self, message_id: str, text: str) -> StoredMessage:
        """Record what an answer should have been, and go on from there; the new message."""
        talk = self.conversation.id if self.conversation else ""
        made = self.store.add_correction(message_id, text, talk)
        self.conversation = self.store.conversation(made.conversation)
        return self.store.message(made.chosen)

    def adapter(self) -> Adapter | None:
        """The adapter that is to answer next, None for the bare model."""
        return active_adapter(self.store, self.entry)

    def cancel(self) -> None:
        """Stop the running answer or its tools soon; what was said is kept. Thread-safe."""
        self._stop.set()
        self.engine.cancel()

    def close(self) -> None:
        """End the engine and what the tools keep running."""
        if "_toolbox" in vars(self):
            self._toolbox.close()
        self.engine.close()

    def inspect(self, answer_id: str) -> Inspection:
        """What was sent to the model for an answer, and what it sampled."""
        return inspect(self.store, self.engine, answer_id)

    def probabilities(self, answer_id: str) -> tuple[TokenProbability, ...]:
        """How probable each sampled token of an answer is to the model in use."""
        return probabilities(self.store, self.engine, self.entry, answer_id)

    def _ask(
        self, path: Sequence[StoredMessage], text: str, style: Style
    ) -> Generator[TurnEvent, None, None]:
        """Record a question after what was said before, and answer it."""
        assert self.conversation is not None
        parent = path[-1].id if path else ""
        question = self.store.add_message(self.conversation.id, parent, user(text))
        yield UserSaved(question)
        yield from self._answer((*path, question), style)

    def _answer(
        self, path: Sequence[StoredMessage], style: Style
    ) -> Generator[TurnEvent, None, None]:
        """Answer a path that ends with a question: generate, run the calls, generate again."""
        assert self.conversation is not None
        self._stop.clear()
        ready = prepare(self.engine, self.store, self.entry)
        if ready.refused is not None:
            yield ready.refused
        offered = yield from self._offered(ready.info)
        budget = 0 if self._raw else self.settings.chat.example_tokens
        examples = corrections_near(
            path, self.conversation.id, self.store, ready.adapter, budget, self._length
        )
        turn = Turn(ready, style, offered, examples, self._prompter(examples))
        room = self.settings.tools.most_calls
        while True:
            answer = yield from self._generate(path, turn, room)
            if not answer.message.calls or answer.status != "done":
                return
            results = yield from self._run(answer, path, ready.info, room)
            # One more answer when no call is left; a model that still calls then is let go.
            if room <= 0 or self._stop.is_set():
                return
            room -= len(answer.message.calls)
            path = (*path, answer, results)

    def _offered(self, info: ModelInfo) -> Generator[TurnEvent, None, Offer | None]:
        """What tools the model is told of; they are opened only if there may be any."""
        described, wish = self.entry.description.tool_format, self.settings.tools.offer
        if self._raw or not wanted(info, described, wish):
            return None
        made = offer(tuple(self.tools.values()), info, described)
        left_out = f"{', '.join(made.left_out)}; disable some." if made and made.left_out else ""
        full = [f"The context window has no room for these tools: {left_out}"] if left_out else []
        yield from map(Remark, self._toolbox.news(*full))
        return made

    def _run(
        self, answer: StoredMessage, path: Sequence[StoredMessage], info: ModelInfo, most: int
    ) -> Generator[TurnEvent, None, StoredMessage]:
        """Run what an answer calls; the message with the results, stored whatever happens."""
        assert self.conversation is not None
        talk = self.conversation.id
        consent = Consent(self.store, talk, self._approve, standing=self._standing)
        wanted = answer.message.calls
        calls = Calls(wanted, self._toolbox, consent, self._stop, talk)
        try:
            yield from calls.run(most=most, tainted=tainted([each.message for each in path]))
        finally:
            results = self._fitted(calls.results, answer, info)
            row = self.store.add_message(talk, answer.id, Message("tool", results))
        yield ResultsSaved(row)
        return row

    def _fitted(
        self, results: tuple[ToolResult, ...], answer: StoredMessage, info: ModelInfo
    ) -> tuple[ToolResult, ...]:
        """The results in what room an answer left; whole when the engine cannot tell."""
        used = len(answer.origin.prompt) if answer.origin else 0
        used += answer.completion.generated_tokens if answer.completion else 0
        left = info.n_ctx - reserve(info.n_ctx, self.settings.chat.max_tokens) - used
        try:
            return fitted(results, left, self._length)
        except LocalaiError:
            return results

    def _length(self, text: str) -> int:
        return len(self.engine.tokenize(text))

    def _generate(
        self, path: Sequence[StoredMessage], turn: Turn, most: int
    ) -> Generator[TurnEvent, None, StoredMessage]:
        """One message of the model's, which may be calls; the message as stored."""
        assert self.conversation is not None
        ready, style, offered, examples, prompter = turn
        info = ready.info
        stepwise = style == "steps" and not (info.thinking or self._raw)
        messages = [stored.message for stored in path]
        if stepwise:
            messages = steps.instructed(messages)
        previous = next((s.origin.dropped for s in reversed(path) if s.origin), 0)
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
            examples=tuple(each.id for each in examples),
            prompt=rendered.ids,
            dropped=dropped,
        )
        reader = Reader(offered, inside=rendered.in_reasoning, most=max(1, most))
        earlier = [call for message in messages for call in message.calls]
        row = self.store.begin_answer(self.conversation.id, path[-1].id, origin)
        recorder = AnswerRecorder(self.store, row, earlier, stepwise=stepwise)
        started = AnswerStarted(row, info.n_ctx)
        return (yield from stream(self.engine, self._stop, started, recorder, reader, request))

    def _prompter(self, examples: Sequence[Corrected]) -> Prompter:
        assert self.conversation is not None
        return Prompter(
            self.engine,
            self.settings,
            self.entry,
            self.conversation.system,
            raw=self._raw,
            seed=self._seed,
            examples=examples,
        )


def _check_said(text: str) -> None:
    if not text.strip():
        raise UsageError("There is nothing to send; write a question first.")
