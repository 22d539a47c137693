"""What is learned from, read out of the store: accepted examples as lessons.

A lesson says which answers count and in which talk. Of a correction and a good answer only
the answer itself does, not what the model said earlier; of a written dialogue every answer.
Tokens and weights are made of it elsewhere (`maker`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from localai.chat.calls import tainted
from localai.chat.context import prompt_messages
from localai.conversation import Message, system, user
from localai.errors import UsageError
from localai.lessons import shipped
from localai.lessons.sets import named
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.store.tuning import Source, StoredExample

OF_TOOLS = "It is an answer made from what tools found, which a model should take from there."
FOREIGN = "Text of somebody else's came in by a tool before it."
NO_ANSWER = "It does not end with an answer."
NO_QUESTION = "Nothing is asked in it."

TOLD = frozenset({"tools"})
"""Data sets that are learned as in a chat that tells of the user's tools, also where none is
called: when not to is what some of their examples teach."""

NOTHING = (
    "There is nothing to learn yet; correct an answer in the app (e on the answer), then "
    "tune again."
)
NOTHING_IN_SET = (
    "Nothing in the data set {name} is accepted; look at it with `localai data list --set {name}`."
)


class Unlearnable(Exception):
    """Why something is not learned from, in a sentence."""


class Lesson(msgspec.Struct, frozen=True):
    """An accepted example, read: the talk before the question (system text first), the
    question, the answer to learn; `steps` are calls and results between the two.

    `rejected` is what the model said, "" where nothing is corrected. `tools` are the names of
    those that the model was told of, where that matters for what is learned; `all_tools`: it is
    told of all that the user has. `rewrites` are other words for the question that a model found,
    `dropped` those of them that the user does not want.
    """

    id: str
    context: tuple[Message, ...]
    question: str
    answer: Message
    rejected: str = ""
    steps: tuple[Message, ...] = ()
    tools: tuple[str, ...] = ()
    all_tools: bool = False
    source: Source = "correction"
    name: str = ""
    rewrites: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def chosen(self) -> str:
        """The text to learn."""
        return self.answer.text

    def ask(self, phrasing: str) -> tuple[Message, ...]:
        """The talk that ends with the question, put in other words."""
        return (*self.context, user(phrasing))

    def tell(self, phrasing: str) -> tuple[Message, ...]:
        """The talk to its end."""
        return (*self.ask(phrasing), *self.steps, self.answer)


def accepted(store: Store, name: str = "", *, rl: bool = False) -> tuple[StoredExample, ...]:
    """The accepted examples of the data sets of that name (`sets.named`), oldest first.

    Raises UsageError when there are none in one of them; beside rejection sampling (`rl`) there
    need not be any of the user's own.
    """
    if rl and not name and not store.examples(state="accepted", name="", limit=1):
        return ()
    return tuple(each for of in named(name) for each in _accepted(store, of))


def _accepted(store: Store, name: str) -> tuple[StoredExample, ...]:
    found = store.examples(state="accepted", name=name)[::-1]
    if not found:
        if name in shipped.NAMES and not store.examples(name=name, limit=1):
            raise UsageError(shipped.NOT_YET.format(name=name))
        raise UsageError(NOTHING_IN_SET.format(name=name) if name else NOTHING)
    return found


def read(store: Store, example: StoredExample) -> Lesson:
    """An example with its talk, as the store has it now. Raises Unlearnable."""
    *before, answer = (stored.message for stored in store.path(example.leaf))
    if answer.role != "assistant":
        raise Unlearnable(NO_ANSWER)
    if tainted(before):
        raise Unlearnable(FOREIGN)
    talk = [replace(each, learn=example.whole) for each in prompt_messages(before)]
    asked = max((at for at, each in enumerate(talk) if each.role == "user"), default=-1)
    steps = tuple(talk[asked + 1 :])
    if asked < 0:
        raise Unlearnable(NO_QUESTION)
    if steps and not example.whole:
        raise Unlearnable(OF_TOOLS)
    head = store.conversation(example.conversation).system
    rejected = store.message(example.rejected) if example.rejected else None
    reworded = store.rewrites(example.leaf) if not example.name else None
    tools = _tools(example, rejected, (*talk, answer))
    return Lesson(
        id=example.id,
        context=((system(head),) if head else ()) + tuple(talk[:asked]),
        question=talk[asked].text,
        answer=replace(answer, learn=True),
        rejected=rejected.message.text if rejected else "",
        steps=steps,
        tools=tools,
        all_tools=example.name in TOLD or (example.whole and bool(tools)),
        source=example.source,
        name=example.name,
        rewrites=reworded.kept if reworded else (),
        dropped=reworded.dropped if reworded else (),
    )


def _tools(
    example: StoredExample, rejected: StoredMessage | None, talk: Sequence[Message]
) -> tuple[str, ...]:
    """The tools that a lesson is about: those called, then those that were offered."""
    called = [call.name for each in talk for call in each.calls]
    if not called and example.reason != "no-tool":
        return ()
    offered = rejected.origin.tools if rejected and rejected.origin else ()
    return tuple(dict.fromkeys((*called, *offered)))
