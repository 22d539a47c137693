"""Corrections that are near a question, as worked examples in its prompt.

So a correction helps at once, before any training. What is near is told from the words that
carry meaning: a corrected question counts only if nearly all of its own are in the new one,
so that what was said of one thing is not said of another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

from localai.conversation import Message, assistant, user
from localai.store.rows import StoredMessage
from localai.store.store import Store
from localai.store.tuning import Adapter, Corrected

MOST = 3
"""Examples in one prompt."""
MARKUP = 16
"""Tokens that a template writes around an example, at most."""
COVERED = 0.75
"""Share of the corrected question's words that must be in the new one."""
SHARED = 0.5
"""Share of the new question's words that must be in the corrected one."""

_WORD = re.compile(r"\w+")
_LETTERS = 4
_COMMON_WORDS = """
about also does from give have into just know made make many much name please said some tell
than that their them then there these they this thing those were what when where which will
with word would your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def corrections_near(
    path: Sequence[StoredMessage],
    conversation: str,
    store: Store,
    adapter: Adapter | None,
    budget: int,
    count: Callable[[str], int],
) -> tuple[Corrected, ...]:
    """The user's corrections that are near the question at the end of a path, in `budget`
    tokens by `count`, without those that were made in the same conversation, those that it
    shares with another one, and those that the adapter has learned."""
    if not budget:
        return ()
    said = {each.id for each in path}
    found = [
        each
        for each in store.corrected()
        if each.conversation != conversation and each.chosen not in said
    ]
    asked = path[-1].message.text
    return near(asked, found, budget, count, learned=store.learned(adapter))


def near(
    question: str,
    corrected: Iterable[Corrected],
    budget: int,
    count: Callable[[str], int],
    *,
    learned: Collection[str] = (),
) -> tuple[Corrected, ...]:
    """The corrections nearest to a question, the nearest last, in `budget` tokens by `count`.

    Those whose ids are in `learned` are left out: the adapter knows them.
    """
    scored = [(nearness(question, each.question), each) for each in corrected]
    ranked = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
    chosen: list[Corrected] = []
    for _, each in ranked:
        length = count(f"{each.question}\n{each.answer}") + MARKUP
        if each.id in learned or length > budget or len(chosen) == MOST:
            continue
        if each.question not in {other.question for other in chosen}:
            chosen.append(each)
            budget -= length
    return tuple(reversed(chosen))


def nearness(question: str, other: str) -> float:
    """How much a question is like one that was corrected, from 0 (not) to 1 (the same)."""
    if _said(question) == _said(other):
        return 1.0
    asked, known = _telling(question), _telling(other)
    common = asked & known
    if not common or len(common) < COVERED * len(known) or len(common) < SHARED * len(asked):
        return 0.0
    return len(common) / len(asked | known)


def with_examples(messages: Sequence[Message], examples: Iterable[Corrected]) -> list[Message]:
    """The messages with the examples as turns before the last question."""
    last = max((i for i, message in enumerate(messages) if message.role == "user"), default=0)
    turns = [turn for each in examples for turn in (user(each.question), assistant(each.answer))]
    return [*messages[:last], *turns, *messages[last:]]


def _said(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _telling(text: str) -> set[str]:
    """The words that tell what a question is about: long ones, numbers, names."""
    found = set()
    for number, word in enumerate(_WORD.findall(text)):
        name = number > 0 and word[0].isupper()
        long = len(word) >= _LETTERS and word.casefold() not in _COMMON
        if long or name or any(char.isdigit() for char in word):
            found.add(word.casefold())
    return found
