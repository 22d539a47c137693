"""How a question is answered: a prompt, the model's stream, calls of tools, and on from there.

Everything that is said is in the store before the next thing happens. Which conversation is
meant, and what a user may ask for, is the session's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypedDict, Unpack

import msgspec

from localai.catalog import ModelEntry
from localai.chat import steps
from localai.chat.adapters import Ready, aside, prepare
from localai.chat.calls import Calls, tainted
from localai.chat.comparing import Side
from localai.chat.consent import Approve, Consent, allow, deny
from localai.chat.context import reserve
from localai.chat.examples import corrections_near
from localai.chat.fitting import fitted
from localai.chat.offer import Offer, offer, wanted
from localai.chat.prompt import Prompter, Style
from localai.chat.reading import Reader
from localai.chat.recorder import AnswerRecorder
from localai.chat.streaming import stream
from localai.chat.turn import AnswerFinished, AnswerStarted, Remark, ResultsSaved, TurnEvent
from localai.config import Settings
from localai.conversation import Message, ToolResult
from localai.engine.base import Engine, ModelInfo
from localai.errors import LocalaiError
from localai.store.rows import Conversation, Origin, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Corrected
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox

OpenTools = Callable[[threading.Event], Toolbox]
"""Opens the tools; ends soon when the event is set."""

Events = Generator[TurnEvent, None, None]


class Turn(NamedTuple):
    """What stays the same while one question is answered, however many calls that takes."""

    conversation: Conversation
    ready: Ready
    style: Style
    offered: Offer | None
    examples: tuple[Corrected, ...]
    prompter: Prompter


class Options(TypedDict, total=False):
    """How to answer. `raw` continues the text as it stands, without any chat template; `seed`
    None draws one each time. `open_tools` gives the tools, when a model is first to be told of
    them; `approve` asks the user, in the thread of the turn, where a call needs it, and without
    `standing` also where it was allowed before; `stop`, set along with a cancel of the engine,
    ends the tools that run.
    """

    raw: bool
    seed: int | None
    open_tools: OpenTools
    approve: Approve
    standing: bool
    stop: threading.Event | None


class Answering:
    """Answers questions with one engine."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        settings: Settings,
        entry: ModelEntry,
        **options: Unpack[Options],
    ) -> None:
        self._store, self._engine, self._settings, self._entry = store, engine, settings, entry
        self._raw, self._seed = options.get("raw", False), options.get("seed")
        self._open_tools: OpenTools = options.get("open_tools", lambda stop: Toolbox())
        self._approve: Approve = options.get("approve", deny)
        self._standing = options.get("standing", True)
        self.stop = options.get("stop") or threading.Event()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools that the model may be offered, by name; opened if they are not."""
        return self.toolbox.tools

    @cached_property
    def toolbox(self) -> Toolbox:
        """The tools and what runs them; opened if they are not."""
        return self._open_tools(self.stop)

    def close(self) -> None:
        """End what the tools keep running."""
        if "toolbox" in vars(self):
            self.toolbox.close()

    def answer(
        self,
        conversation: Conversation,
        path: Sequence[StoredMessage],
        style: Style = "direct",
        calls: StoredMessage | None = None,
        side: Side | None = None,
    ) -> Events:
        """Answer a path that ends with a question: generate, run the calls, generate again.

        `calls` are there already, asked for by the user, who so allows them; their results
        are what is answered. `side` is one of two that are compared.
        """
        self.stop.clear()
        turn = yield from self._turn(conversation, path, style, side)
        room = self._settings.tools.most_calls
        approve = self._approve
        if calls is not None:
            yield AnswerFinished(calls)
            approve = allow
        while True:
            answer = calls or (yield from self._generate(path, turn, room))
            if not answer.message.calls or answer.status != "done":
                return
            results = yield from self._run(answer, path, turn, room, approve)
            # One more answer when no call is left; a model that still calls then is let go.
            if room <= 0 or self.stop.is_set():
                return
            room -= len(answer.message.calls)
            path, calls, approve = (*path, answer, results), None, self._approve

    def _turn(
        self,
        conversation: Conversation,
        path: Sequence[StoredMessage],
        style: Style,
        side: Side | None,
    ) -> Generator[TurnEvent, None, Turn]:
        """Load what answers, and settle what it is told. Adapters that are compared are shown no
        corrections, so that they read the same prompt."""
        adapters = side is not None and side.kind == "adapters"
        ready = (
            aside(self._engine, self._store, self._entry, side.adapter)
            if side is not None and adapters
            else prepare(self._engine, self._store, self._entry)
        )
        if ready.refused is not None:
            yield ready.refused
        offered = None if style == "plain" else (yield from self._offered(ready.info))
        budget = 0 if self._raw or adapters else self._settings.chat.example_tokens
        examples = corrections_near(
            path, conversation.id, self._store, ready.adapter, budget, self._length
        )
        prompter = self._prompter(conversation, examples)
        return Turn(conversation, ready, style, offered, examples, prompter)

    def _offered(self, info: ModelInfo) -> Generator[TurnEvent, None, Offer | None]:
        """What tools the model is told of; they are opened only if there may be any."""
        described, wish = self._entry.description.tool_format, self._settings.tools.offer
        if self._raw or not wanted(info, described, wish):
            return None
        made = offer(tuple(self.tools.values()), info, described)
        left_out = f"{', '.join(made.left_out)}; disable some." if made and made.left_out else ""
        full = [f"The context window has no room for these tools: {left_out}"] if left_out else []
        yield from map(Remark, self.toolbox.news(*full))
        return made

    def _run(
        self,
        answer: StoredMessage,
        path: Sequence[StoredMessage],
        turn: Turn,
        most: int,
        approve: Approve,
    ) -> Generator[TurnEvent, None, StoredMessage]:
        """Run what an answer calls; the message with the results, stored whatever happens."""
        talk = turn.conversation.id
        consent = Consent(self._store, talk, approve, standing=self._standing)
        calls = Calls(answer.message.calls, self.toolbox, consent, self.stop, talk)
        try:
            yield from calls.run(most=most, tainted=tainted([each.message for each in path]))
        finally:
            results = self._fitted(calls.results, answer, turn.ready.info)
            row = self._store.add_message(talk, answer.id, Message("tool", results))
        yield ResultsSaved(row)
        return row

    def _fitted(
        self, results: tuple[ToolResult, ...], answer: StoredMessage, info: ModelInfo
    ) -> tuple[ToolResult, ...]:
        """The results in what room an answer left; whole when the engine cannot tell."""
        used = len(answer.origin.prompt) if answer.origin else 0
        used += answer.completion.generated_tokens if answer.completion else 0
        left = info.n_ctx - reserve(info.n_ctx, self._settings.chat.max_tokens) - used
        try:
            return fitted(results, left, self._length)
        except LocalaiError:
            return results

    def _length(self, text: str) -> int:
        return len(self._engine.tokenize(text))

    def _generate(
        self, path: Sequence[StoredMessage], turn: Turn, most: int
    ) -> Generator[TurnEvent, None, StoredMessage]:
        """One message of the model's, which may be calls; the message as stored."""
        conversation, ready, style, offered, examples, prompter = turn
        info = ready.info
        stepwise = style == "steps" and not (info.thinking or self._raw)
        messages = [stored.message for stored in path]
        if stepwise or style == "brief":
            messages = steps.instructed(messages, steps.STEPS if stepwise else steps.BRIEF)
        previous = next((s.origin.dropped for s in reversed(path) if s.origin), 0)
        dropped, rendered = prompter.prompt(messages, previous, info, style, offered)
        request = msgspec.structs.replace(
            prompter.request(rendered, info, offered), beside=ready.beside
        )
        origin = Origin(
            model=self._entry.name,
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
        row = self._store.begin_answer(conversation.id, path[-1].id, origin)
        recorder = AnswerRecorder(self._store, row, earlier, stepwise=stepwise)
        started = AnswerStarted(row, info.n_ctx)
        return (yield from stream(self._engine, self.stop, started, recorder, reader, request))

    def _prompter(self, conversation: Conversation, examples: Sequence[Corrected]) -> Prompter:
        return Prompter(
            self._engine,
            self._settings,
            self._entry,
            conversation.system,
            raw=self._raw,
            seed=self._seed,
            examples=examples,
        )
