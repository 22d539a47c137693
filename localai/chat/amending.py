"""Correcting an answer otherwise than by editing it: with a tool it should have used, without
one it should not have, more briefly.

Each gives another answer beside the one that was wrong and records which is better. What
those teach is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from localai.chat.answering import Answering, Events
from localai.chat.calls import numbered
from localai.chat.turn import Amended, AnswerFinished, TurnEvent
from localai.conversation import Message, ToolCall
from localai.errors import UsageError
from localai.store.rows import Conversation, StoredMessage
from localai.store.store import Store
from localai.store.tuning import Reason

INVENTED = "I don't have enough information about this."
"""What is proposed where an answer was made up."""


class Amending:
    """The part of a session in which answers are given another way."""

    store: Store
    conversation: Conversation | None
    _answering: Answering

    def with_tool(self, message_id: str, name: str, arguments: Mapping[str, Any]) -> Events:
        """Answer again by way of a call that the model should have made; the call is recorded
        as the better answer, whatever comes of it. The user asked for it and so allows it.

        Raises UsageError for a tool that there is not, ArgumentsError for impossible arguments.
        """
        path, said = self._turn_of(message_id)
        tool = self._answering.tools.get(name)
        if tool is None:
            known = ", ".join(self._answering.tools) or "none"
            raise UsageError(f"There is no tool {name!r} to use here; there are: {known}.")
        tool.check(arguments)
        earlier = [call for row in path for call in row.message.calls]
        call = numbered(ToolCall("", name, dict(arguments)), earlier)
        talk = self._talk(said)
        row = self.store.add_message(talk.id, path[-1].id, Message("assistant", (call,)))
        yield self._prefer(said, row, "tool")
        yield from self._answering.answer(talk, path, calls=row)

    def without_tools(self, message_id: str) -> Events:
        """Answer again without any tool, which the model should not have used."""
        path, said = self._turn_of(message_id)
        if not said.message.calls:
            raise UsageError("No tool was used for this answer; correct it some other way.")
        yield from self._finished(self._answering.answer(self._talk(said), path, "plain"), said)

    def more_briefly(self, message_id: str) -> Events:
        """Answer again as briefly as possible. Which is better is for `prefer` to say."""
        *path, said = self.store.path(message_id)
        if said.message.role != "assistant" or said.message.calls or not path:
            raise UsageError("Only an answer can be too long; choose one of the model's.")
        yield from self._answering.answer(self._talk(said), path, "brief")

    def prefer(self, rejected_id: str, chosen_id: str, reason: Reason) -> Amended:
        """Record that an answer is better than the one beside it."""
        rejected, chosen = self.store.message(rejected_id), self.store.message(chosen_id)
        return self._prefer(rejected, chosen, reason)

    def _finished(self, events: Events, said: StoredMessage) -> Generator[TurnEvent, None, None]:
        """The events, and after a whole answer that it is the better one."""
        for event in events:
            yield event
            if isinstance(event, AnswerFinished) and event.message.status == "done":
                yield self._prefer(said, event.message, "no-tool")

    def _prefer(self, said: StoredMessage, better: StoredMessage, reason: Reason) -> Amended:
        return Amended(self.store.prefer(said.id, better.id, reason), better)

    def _turn_of(self, message_id: str) -> tuple[tuple[StoredMessage, ...], StoredMessage]:
        """The path to the question that a message answers, and what was first said to it."""
        path = self.store.path(message_id)
        asked = max((at for at, row in enumerate(path) if row.message.role == "user"), default=-1)
        if asked < 0 or asked + 1 == len(path):
            raise UsageError("Only an answer to a question can be corrected; choose one.")
        return path[: asked + 1], path[asked + 1]

    def _talk(self, said: StoredMessage) -> Conversation:
        """The conversation that goes on."""
        self.conversation = self.conversation or self.store.conversation(said.conversation)
        return self.conversation
