"""How far several answers to one question agree.

What a model has learned it says again when it is asked again; what it makes up differs each time
(Manakul et al. 2023, SelfCheckGPT). Here answers are compared by their words, without a model.
Pure; whether an answer is right is not asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

SHARED = 0.5
"""Of the words of two answers, more than this share is in both when they say the same."""

_SENTENCE = re.compile(r"(?<=\w{3}[.!?])\s+|\n+")
_WORD = re.compile(r"\w+")
_COMMON = """a about also am an and are as at be been but by can could do does for from had has have
he her his i in is it its me my of on or our she so such that the their them then there these they
this those to us very was we were what when where which who will with would you your called known
named answer think believe sure well"""
_FREE = frozenset(_COMMON.split())


class Agreement(msgspec.Struct, frozen=True):
    """`groups` are the numbers of the answers that say the same, the largest group first;
    `share` is that one's share of all answers, 0 where there are none."""

    share: float
    groups: tuple[tuple[int, ...], ...]


def agreement(texts: Sequence[str], question: str = "") -> Agreement:
    """Which of the answers to one question say the same.

    What counts are the words of the first sentence that neither the question nor every answer
    has: an answer that has no others than another one, or no other number and most of its words
    in common with it, says the same.
    """
    said = [_telling(text, frozenset(words(question))) for text in texts]
    shared = frozenset.intersection(*said) if said else frozenset()
    groups = list[list[int]]()
    for at, own in enumerate(said):
        for group in groups:
            if _alike(own - shared, said[group[0]] - shared):
                group.append(at)
                break
        else:
            groups.append([at])
    groups.sort(key=len, reverse=True)
    share = len(groups[0]) / len(texts) if groups else 0.0
    return Agreement(share, tuple(map(tuple, groups)))


def words(text: str) -> list[str]:
    """The words of a text in small letters without accents, numbers without their commas."""
    plain = unicodedata.normalize("NFKD", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return _WORD.findall(re.sub(r"['\u2019]s\b", "", letters.casefold()))


def _telling(text: str, asked: frozenset[str]) -> frozenset[str]:
    """The words of the first sentence that say something. One that has none but the question's
    has these: it may have chosen among what was offered."""
    first = _SENTENCE.split(text.strip(), maxsplit=1)[0]
    said = frozenset(words(first)) - _FREE
    return said - asked or said


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of words say the same."""
    if one <= other or other <= one:
        return True
    numbers = [{word for word in each if word.isdigit()} for each in (one, other)]
    if not (numbers[0] <= numbers[1] or numbers[1] <= numbers[0]):
        return False
    return len(one & other) > SHARED * len(one | other)
