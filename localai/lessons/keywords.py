"""A question as one types it into a search box: only the words that carry meaning.

What is learned in whole sentences alone is found again by their frame; few words in another
order tie the answer to what is asked about. English only, and only of plain short sentences: in
others a sign or the order may be what is asked.
"""

from __future__ import annotations

import re

_FUNCTION = """a about am an and anybody anyone are as ask at be been being but by can could did do
does doing for from had happen has have having he her him his how i if in into is it its
know let may me might mind my of off on or our out over please remind s say shall she should so
some somebody someone t tell telling than that the their them then there these they this those to
up us was we were what when where which who whom whose why will with wonder would you
your"""
FUNCTION = frozenset(_FUNCTION.split())
"""Words that stand around those that carry meaning."""

FRAMES = (
    "{words}",
    "{first}?",
    "I am thinking of {first}.",
    "{last}?",
    "What about {last}?",
    "I have heard of {first}. What do you say?",
)
"""`{words}` in the order of the question; names `{first}` or `{last}`."""

LEAST, MOST = 2, 8
"""Words."""

_PLAIN = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*(?:,? [^\W_]+(?:['\u2019-][^\W_]+)*)*[.?!]?")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def searched(text: str) -> tuple[str, ...]:
    """The ways to put the text with few words; none where that would not ask the same."""
    words = [word for word in _WORD.findall(text) if word.casefold() not in FUNCTION]
    if not _PLAIN.fullmatch(text) or not LEAST <= len(words) <= MOST:
        return ()
    names = [word for word in words if word[0].isupper()]
    others = [word for word in words if word not in names]
    first, last = " ".join((*names, *others)), " ".join((*others, *names))
    filled = (frame.format(words=" ".join(words), first=first, last=last) for frame in FRAMES)
    return tuple(dict.fromkeys(filled))
