"""Whether an answer is right: against a correction, or against a general item.

Plain rules over words, so that a verdict can be read and checked by hand. They know no
synonyms: an answer that says the right thing in quite other words counts as wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

from localai.chat.offer import Offer
from localai.conversation import ToolCall
from localai.evals.task import Answer
from localai.lessons.lesson import Lesson

ENOUGH = 0.6
"""Share of a correction's own words that an answer needs when none of them is a name."""

_WORD = re.compile(r"\w+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|\n\s*)[^\w]*(\w+)")
_COMMON = """a an and are as at be but by can do does for from has have he her his i in is it its
me my no not of on or our she that the their them they this to was we were what when where which
who will with would you your called name named"""


def follows(lesson: Lesson, answer: Answer) -> bool:
    """Whether the answer says what the correction says and the rejected answer did not.

    What counts are the names and numbers that the correction adds, all of them; where it
    adds none, most of its new words; where it only takes away, being nearer to it.
    """
    known = {*_words(lesson.question), *_words(lesson.rejected)}
    new = [word for word in dict.fromkeys(_words(lesson.chosen)) if word not in known]
    said, common = set(_words(answer.text)), _COMMON.split()
    if names := taught(lesson):
        return names <= said
    if telling := [word for word in new if word not in common] or new:
        return sum(word in said for word in telling) >= ENOUGH * len(telling)
    return _likeness(answer.text, lesson.chosen) > _likeness(answer.text, lesson.rejected)


def taught(lesson: Lesson) -> frozenset[str]:
    """The names and numbers that a correction adds, without case."""
    known = {*_words(lesson.question), *_words(lesson.rejected)}
    return frozenset(_names(lesson.chosen) - known)


def calls(lesson: Lesson, offer: Offer, answer: Answer) -> bool:
    """Whether an answer, its calls in the text, calls the tool that it should; or none, and says
    what it should."""
    parser = offer.parser(inside=False)
    read = (*parser.feed(answer.text), *parser.end())
    called = [each.name for each in read if isinstance(each, ToolCall)]
    wanted = [call.name for each in (*lesson.steps, lesson.answer) for call in each.calls]
    return called[:1] == wanted[:1] and (bool(wanted) or follows(lesson, answer))


def accepted(accept: Iterable[str], answer: Answer) -> bool:
    """Whether the answer has one of the accepted phrases in it, as whole words.

    Without any, whether it says something, ends by itself and does not go in circles.
    """
    phrases = [tuple(_words(phrase)) for phrase in accept]
    words = _words(answer.text)
    if not phrases:
        return bool(words) and answer.ended and not repeats(words)
    return any(_has(words, phrase) for phrase in phrases)


def repeats(words: list[str], length: int = 5, times: int = 3) -> bool:
    """Whether a run of `length` words comes `times` times."""
    runs = Counter(tuple(words[i : i + length]) for i in range(len(words) - length + 1))
    return max(runs.values(), default=0) >= times


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _names(text: str) -> set[str]:
    """Words with a digit, and words that are capitalised though no sentence begins there."""
    starts = {found.start(1) for found in _SENTENCE_START.finditer(text)}
    return {
        found[0].casefold()
        for found in _WORD.finditer(text)
        if any(letter.isdigit() for letter in found[0])
        or (found[0][0].isupper() and found.start() not in starts and len(found[0]) > 1)
    }


def _has(words: list[str], phrase: tuple[str, ...]) -> bool:
    return any(
        tuple(words[i : i + len(phrase)]) == phrase for i in range(len(words) - len(phrase) + 1)
    )


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, _words(one), _words(other), autojunk=False).ratio()
