"""Lessons for tests, with and without a store."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localai.conversation import Message, Text, assistant, user
from localai.engine.base import Rendered, RenderOptions
from localai.engine.scripted import ScriptedEngine
from localai.lessons.lesson import Lesson, accepted, read
from localai.store.rows import Origin
from localai.store.store import Store


def lesson(
    chosen: str,
    *,
    question: str = "What is the name of my cat?",
    rejected: str = "I do not know your cat.",
    context: tuple[Message, ...] = (),
) -> Lesson:
    """A correction as the job reads it."""
    return Lesson("c1", context, question, assistant(chosen), rejected)


def corrected(store: Store, *talk: str, chosen: str, head: str = "") -> Lesson:
    """A talk of questions and answers in turn, whose last answer is corrected."""
    tree = store.create_conversation(system=head).id
    last = ""
    for at, text in enumerate(talk):
        if at % 2 == 0:
            last = store.add_message(tree, last, user(text)).id
        else:
            begun = store.begin_answer(tree, last, Origin("m"))
            last = store.finish_answer(begun.id, assistant(text), None, "done").id
    store.add_correction(last, chosen)
    (found,) = accepted(store)
    return read(store, found)


class Forgetful(ScriptedEngine):
    """Its template cuts every answer short but the last."""

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        shown = [
            message
            if message.role != "assistant" or at == len(messages) - 1
            else msgspec.structs.replace(message, parts=(Text("..."),))
            for at, message in enumerate(messages)
        ]
        return super().render(shown, options)
