"""Lessons that say again what another one says, so that nothing counts twice by accident.

Only lessons that are asked in the same talk and, but for fillers, with the same words in the
same order are compared, their answers by rapidfuzz's token-set ratio: a question with another
name, number, sign or order is another lesson, however alike the texts look. Other ways to ask
are made later.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence

import msgspec
from rapidfuzz import fuzz

from localai.conversation import Message
from localai.lessons.lesson import Lesson

NEAR = 90.0
"""Token-set ratio from which on two answers count as the same."""
LENGTHS = 1.25
"""An answer that is so many times as long as another one says more."""
COMPARED = 16
"""A lesson is compared with at most so many that are asked with the same words, the newest: so
the time grows with the number of lessons alone."""

_WORD = re.compile(r"\w+|[^\w\s.,;:]")
_ASKING = re.compile(r"\b(?:please|tell me|(?:can|could) you)\b")
_FILLERS = frozenset(("a", "an", "the", *"?!'’\"()"))  # noqa: RUF001
"""What a question may have more or less of, beside words of asking, and be the same."""


def repeated(lessons: Sequence[Lesson]) -> frozenset[str]:
    """The ids of lessons, given from the oldest on, that another one makes needless: a newer
    one, or for an answer called good also a corrected one, which can be told to be learned."""
    found = set[str]()
    kept = defaultdict[Hashable, list[str]](list)
    known = set[Hashable]()
    newest_first = lessons[::-1]
    for lesson in sorted(newest_first, key=lambda each: each.source == "good"):
        answer, about = _plain(lesson.chosen), _about(lesson)
        others = kept[about][:COMPARED]
        if (about, answer) in known or any(_near(answer, other) for other in others):
            found.add(lesson.id)
            continue
        known.add((about, answer))
        kept[about].append(answer)
    return frozenset(found)


def _near(one: str, other: str) -> bool:
    short, long = sorted((len(one), len(other)))
    return long <= LENGTHS * short and fuzz.token_set_ratio(one, other, score_cutoff=NEAR) > 0


def _about(lesson: Lesson) -> Hashable:
    """What two lessons must have alike word for word to be compared."""
    return (
        tuple(
            word
            for word in _ASKING.sub("", _plain(lesson.question)).split()
            if word not in _FILLERS
        ),
        tuple(map(_exactly, (*lesson.context, *lesson.steps))),
        _calls(lesson.answer),
        lesson.tools,
    )


def _exactly(message: Message) -> Hashable:
    results = tuple(result.text for result in message.results)
    return message.role, message.text, message.learn, results, _calls(message)


def _calls(message: Message) -> Hashable:
    return tuple((call.name, msgspec.json.encode(call.arguments)) for call in message.calls)


def _plain(text: str) -> str:
    """Words and other signs than stops, with a blank between, in lower case."""
    return " ".join(_WORD.findall(text.casefold()))
