"""What is trained on: corrections and replay as token ids with weights.

The one renderer makes both, inside the engine that serves the model; nothing is tokenized
here. Only the corrected answer counts: not what the model said earlier in the same talk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from localai.chat.calls import tainted
from localai.chat.context import prompt_messages, turn_starts
from localai.conversation import Message, assistant, system, user
from localai.engine.base import Engine, RenderOptions
from localai.store.store import Store
from localai.store.tuning import Correction
from localai.tune import phrasings

LONGEST = 1024
"""Tokens of an example; older turns leave first, and what is longer still is left out."""

WHOLE = RenderOptions(generation_prompt=False)


class Example(msgspec.Struct, frozen=True, array_like=True):
    """A rendered conversation; `weights[i]` is what predicting `ids[i]` counts."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


class Lesson(msgspec.Struct, frozen=True):
    """An accepted correction, read: the talk before the question (system text first), the
    question, what the model said, what the user wants."""

    correction: str
    context: tuple[Message, ...]
    question: str
    rejected: str
    chosen: str

    def ask(self, phrasing: str) -> tuple[Message, ...]:
        """The talk that ends with the question, put in other words."""
        return (*self.context, user(phrasing))


def lessons(store: Store, corrections: Sequence[Correction]) -> Iterator[Lesson]:
    """The corrections with their context, as the store has it now.

    Left out are answers to a tool's results, which a model should take from there, and talks
    in which text of somebody else's came in by a tool.
    """
    for correction in corrections:
        path = store.path(correction.chosen)
        messages = [stored.message for stored in path[:-1]]
        if messages[-1].role != "user" or tainted(messages):
            continue
        talk = prompt_messages(messages)
        head = store.conversation(correction.conversation).system
        before = tuple(msgspec.structs.replace(message, learn=False) for message in talk[:-1])
        yield Lesson(
            correction=correction.id,
            context=((system(head),) if head else ()) + before,
            question=talk[-1].text,
            rejected=store.message(correction.rejected).message.text,
            chosen=path[-1].message.text,
        )


def examples(lesson: Lesson, engine: Engine) -> tuple[Example, ...]:
    """One example for each way to ask, the question as it was asked first, without those
    that are longer than LONGEST though the talk before them is left out."""
    answer = assistant(lesson.chosen)
    context = lesson.context
    while True:
        shortened = msgspec.structs.replace(lesson, context=context)
        talk = (*shortened.ask(lesson.question), answer)
        rendered = engine.render(talk, WHOLE)
        if len(rendered.ids) <= LONGEST:
            break
        shorter = _without_oldest_turn(context)
        if shorter == context:
            return ()
        context = shorter
    rest = phrasings.training(lesson.question)[1:]
    more = (engine.render((*shortened.ask(phrasing), answer), WHOLE) for phrasing in rest)
    return tuple(
        Example(each.ids, each.weights) for each in (rendered, *more) if len(each.ids) <= LONGEST
    )


def _without_oldest_turn(context: tuple[Message, ...]) -> tuple[Message, ...]:
    """The talk without its first turn; the system text stays."""
    head = context[:1] if context and context[0].role == "system" else ()
    talk = context[len(head) :]
    if not talk:
        return context
    starts = [*turn_starts(talk), len(talk)]
    return (*head, *talk[starts[1] :])
