"""Lessons for tests, with and without a store."""

from __future__ import annotations

from localai.conversation import Message, assistant, user
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
