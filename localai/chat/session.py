"""A conversation held with an engine: the life of one turn, from the question to the row.

A front end iterates over the events of `send` or `regenerate` in one thread and may call
`cancel` from any other. What the user said is committed before the model starts, and
what the model said is kept whatever ends it. It knows neither screens nor llama.cpp.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Unpack

from localai.catalog import ModelEntry
from localai.chat import notes
from localai.chat.adapters import active_adapter
from localai.chat.amending import Amending
from localai.chat.answering import Answering, Options
from localai.chat.comparing import Side
from localai.chat.inspection import Inspection, inspect, probabilities
from localai.chat.prompt import Style, system_text
from localai.chat.turn import Remark, TurnEvent, UserSaved
from localai.config import Settings
from localai.conversation import title, user
from localai.engine.base import Engine, TokenProbability
from localai.errors import EngineError, UsageError
from localai.question_kinds import Kind, kind_of
from localai.store.rows import Conversation, StoredMessage, last_question
from localai.store.store import Store
from localai.store.tuning import Adapter, Reason
from localai.tools.tool import Tool
from localai.tools.toolbox import Toolbox

SPARED = "Asked without steps, with which this model errs more in {kind}; once more asks for steps."


class Session(Amending):
    """One conversation, open for talking.

    `conversation` None starts a new one with the first question, under the text `system`. The
    options are those of `Answering`.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        settings: Settings,
        entry: ModelEntry,
        conversation: Conversation | None = None,
        system: str = "",
        **options: Unpack[Options],
    ) -> None:
        self.store, self.engine, self.settings, self.entry = store, engine, settings, entry
        self.conversation = conversation
        self._system = system or system_text(settings, entry.description)
        self._answering = Answering(store, engine, settings, entry, **options)

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools that the model may be offered, by name; opened if they are not."""
        return self._answering.tools

    @property
    def toolbox(self) -> Toolbox:
        """Those tools and what runs them, until the session is closed."""
        return self._answering.toolbox

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
            self.conversation = self.store.create_conversation(title(text), self._system)
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
        yield from self._again(message_id, style)

    def answer_by(self, message_id: str, side: Side) -> Generator[TurnEvent, None, None]:
        """Answer again as one side of a comparison does, beside the answers that are there. When
        no more is compared, `end_comparing`."""
        yield from self._again(message_id, side.style, side)

    def end_comparing(self) -> None:
        """Free what was loaded for a side."""
        with suppress(EngineError):  # whatever ended the engine has freed it, too
            self.engine.free_beside()

    def put(self, text: str) -> StoredMessage:
        """Record a question that is to be answered by `answer_by`."""
        _check_said(text)
        path = self.messages()
        if self.conversation is None:
            self.conversation = self.store.create_conversation(title(text), self._system)
        parent = path[-1].id if path else ""
        return self.store.add_message(self.conversation.id, parent, user(text))

    def _again(
        self, message_id: str, style: Style, side: Side | None = None
    ) -> Generator[TurnEvent, None, None]:
        """Answer the question again that a message is or answers."""
        message = self.store.message(message_id)
        path = self.store.path(message_id)
        while path and path[-1].message.role != "user":
            path = path[:-1]
        if message.message.role == "system" or not path:
            raise UsageError("Only an answer can be given again; choose one of the model's.")
        self.conversation = self.conversation or self.store.conversation(message.conversation)
        yield from self._answering.answer(self.conversation, path, style, side=side)

    def redo_in_steps(
        self, message_id: str, *, anyway: bool = False
    ) -> Generator[TurnEvent, None, None]:
        """Answer again, step by step; without steps, and saying so, where this model is known to
        be right more often so (`styles` in the settings), unless steps are asked for `anyway`."""
        asked = last_question(self.store.path(message_id))
        kind = kind_of(asked.message.text) if asked else None
        if kind is None or anyway or self._better(kind) != "direct":
            yield from self.regenerate(message_id, style="steps")
            return
        yield Remark(SPARED.format(kind=kind))
        yield from self.regenerate(message_id)

    def style_for(self, question: str) -> Style:
        """The style in which this model is right more often in questions of that kind; direct
        where that is not known."""
        kind = kind_of(question)
        return (kind and self._better(kind)) or "direct"

    def correct(self, message_id: str, text: str, reason: Reason = "edited") -> StoredMessage:
        """Record what an answer should have been, and go on from there; the new message."""
        talk = self.conversation.id if self.conversation else ""
        made = self.store.add_correction(message_id, text, reason, talk)
        self.conversation = self.store.conversation(made.conversation)
        return self.store.message(made.chosen)

    def keep_note(self, message_id: str) -> Path:
        """Keep an answer with its question in the user's notes, too; the file."""
        return notes.keep(self.store, notes.folder(self.settings.tools.folders), message_id)

    def adapter(self) -> Adapter | None:
        """The adapter that is to answer next, None for the bare model."""
        return active_adapter(self.store, self.entry)

    def cancel(self) -> None:
        """Stop the running answer or its tools soon; what was said is kept. Thread-safe."""
        self._answering.stop.set()
        self.engine.cancel()

    def close(self) -> None:
        """End the engine and what the tools keep running."""
        try:
            self._answering.close()
            self.engine.keep()
        finally:
            self.engine.close()

    def inspect(self, answer_id: str) -> Inspection:
        """What was sent to the model for an answer, and what it sampled."""
        return inspect(self.store, self.engine, answer_id)

    def probabilities(self, answer_id: str) -> tuple[TokenProbability, ...]:
        """How probable each sampled token of an answer is to the model in use."""
        return probabilities(self.store, self.engine, self.entry, answer_id)

    def _better(self, kind: Kind) -> Style | None:
        known = self.settings.styles.get(self.entry.name)
        if known is None:
            return None
        return "direct" if kind in known.direct else "steps" if kind in known.steps else None

    def _ask(
        self, path: Sequence[StoredMessage], text: str, style: Style
    ) -> Generator[TurnEvent, None, None]:
        """Record a question after what was said before, and answer it."""
        assert self.conversation is not None
        parent = path[-1].id if path else ""
        question = self.store.add_message(self.conversation.id, parent, user(text))
        yield UserSaved(question)
        yield from self._answering.answer(self.conversation, (*path, question), style)


def _check_said(text: str) -> None:
    if not text.strip():
        raise UsageError("There is nothing to send; write a question first.")
