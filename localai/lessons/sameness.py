"""Whether one question asks the same as another, by its words: English only, and strict.

Small models put a question in other words badly; most of what they write asks something else,
or answers. What passes here has every word that carries meaning, no other one and in the same
order, asks with the same interrogative, and is neither a copy nor a held-out way to ask. Whether
both are answered alike is checked elsewhere.
"""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from localai.lessons import phrasings
from localai.lessons.keywords import FUNCTION

LEAST = 60.0
"""Token-set ratio from which on two questions can ask the same: below, most words are others."""
MOST = 90.0
"""Plain ratio from which on one is as good as a copy of the other: a short word differs."""
LONGER = 8
"""So many more words may be said around the same question."""

_WORD = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"(?<=..)(?:ings?|ies|es|ed|s|e|y)$")
_WHOSE = "my your our his her their he she we they"
_ASKED = re.compile(r"(?:who|what|which|when|where|why|how)\b", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|am|do|does|did|can|could|should|will|would|may|must|have|has|had)\b"
    r"|what's|who's|where's|when's|how's",
    re.IGNORECASE,
)
_TO = re.compile(r"\bto\b", re.IGNORECASE)
_DO = re.compile(r"\b(?:do|does|did)\b", re.IGNORECASE)
_EXACT = (
    dict.fromkeys(("who", "whom", "whose"), "who")
    | dict.fromkeys(("what", "which"), "what")
    | dict.fromkeys(("no", "not", "never", "t", "without"), "not")
    | dict.fromkeys(("is", "are", "was", "were", "am", "be", "s"), "is")
    | {word: word for word in ("when", "where", "how", "why", *_WHOSE.split())}
)
"""Words of which a question must have no more and no fewer, with what they count as; only a form
of "to be" may come to them."""


def content(text: str, *, bare: bool = False) -> tuple[str, ...]:
    """The words that carry meaning, in their order; `bare` of their endings."""
    words = (word for word in _words(text) if word not in FUNCTION)
    return tuple(_ENDING.sub("", word) if bare else word for word in words)


def asks_the_same(question: str, other: str) -> bool:
    """Whether `other` can stand for the question, by its words. A verb may get or lose its ending
    only where the question has "do" with it: "does it open" becomes "it opens"."""
    does = bool(_DO.search(question))
    return (
        _turned(content(question, bare=does), content(other, bare=does))
        and _exact(question) <= _exact(other) <= {*_exact(question), "is"}
        and len(_words(other)) <= len(_words(question)) + LONGER
        and fuzz.token_set_ratio(_plain(question), _plain(other)) >= LEAST
        and _in_order(question, other)
        and not any(near(other, each) for each in phrasings.training(question))
        and not any(near(other, each) for each in phrasings.held_out(question))
        and not phrasings.begins_held_out(other)
    )


def _turned(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether they are the same words in the same order, though the other may begin at a later
    one and have the rest at its end: what goes from A to B does not go from B to A. Of two words
    alone none can change places."""
    starts = range(len(one) if len(one) > 2 else min(1, len(one)))
    return any(one[at:] + one[:at] == other for at in starts)


def _in_order(question: str, other: str) -> bool:
    """Whether verbs stand where they should, as far as words tell: what asks for its subject
    ("who beat Ann") keeps its order, and an interrogative at the beginning has a verb after it
    that can stand before a subject, or "to" in the place of both."""
    if not _VERB.search(question):
        return _plain(question) in _plain(other)
    begins = _ASKED.match(other) is not None
    return not begins or bool(_VERB.search(other) or _TO.search(other))


def _exact(text: str) -> frozenset[str]:
    return frozenset(_EXACT[word] for word in _words(text) if word in _EXACT)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def near(one: str, other: str) -> bool:
    """Whether one is as good as a copy of the other."""
    return _ratio(one, other) >= MOST


def _ratio(one: str, other: str) -> float:
    return fuzz.ratio(_plain(one), _plain(other))


def _plain(text: str) -> str:
    return " ".join(_words(text))
