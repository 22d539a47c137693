"""Questions turned into clauses: "What is X?" becomes "what X is", to go after "Tell me".

English only, by patterns over words, with no grammar behind them: where the order of words
would be a guess ("What is copper used for?") there is no clause at all.
"""

from __future__ import annotations

import re

_NOUNS_BEGIN = frozenset(
    ("the", "a", "an", "my", "your", "our", "his", "her", "its", "their", "this", "that", "these")
)
_BE = r"(is|are|was|were)"
_INVERTED = re.compile(rf"(what|who|where|(?:which|what) \w+) {_BE} (.+)", re.IGNORECASE)
_SUBJECT = re.compile(r"(who|what|which \w+|what \w+) (\w+ .+)", re.IGNORECASE)
_VERB_FIRST = re.compile(
    r"\b(is|are|was|were|am|do|does|did|can|could|should|will|would|may|might|must|shall|have"
    r"|has|had)\b",
    re.IGNORECASE,
)
# What is left of a verb that was parted from its "is": turned round, it would stand wrong.
_VERB_LEFT = re.compile(
    r"\b(?:[a-z]{3,}ed|used|[a-z]{2,}ing|made|held|found|born|built|kept|known|sold|done|seen"
    r"|given|taken|written|spoken|eaten|hidden|broken|chosen|spelt|worn|grown|put|cut|set)\b"
)
_HANGING = re.compile(r"\b(?:for|from|like|about|of|in|on|at|to|with|by|near|called)$")
_COMPARED = re.compile(r"\b(?:most|least|best|worst|first|last|[a-z]{3,}est)\b")
_NO_NOUNS = ("wrong", "new", "next", "up", "left", "missing", "better", "best", "more", "it")


def clause(question: str) -> str:
    """The clause, without a full stop; "" for a question that cannot be turned safely."""
    body = question[:-1].strip()
    if not question.endswith("?") or re.search(r"[?!.,;:\n]", body):
        return ""
    if found := _INVERTED.fullmatch(body):
        return _turned(*found.groups())
    found = _SUBJECT.fullmatch(body)
    if found is None or _VERB_FIRST.search(" ".join(body.split()[:5])):
        return ""
    return f"{found[1].lower()} {found[2]}"


def _turned(asked: str, verb: str, rest: str) -> str:
    """The clause of `asked` (what, which door ...), a form of "to be", and the rest."""
    if _HANGING.search(rest):
        return ""
    is_who = asked.lower() == "who"
    about_order = " " in asked and _COMPARED.search(rest)  # which river is the longest
    if _is_noun_phrase(rest) and not about_order:
        return "" if _VERB_LEFT.search(rest) else f"{asked.lower()} {rest} {verb}"
    if is_who or asked.lower().startswith("which "):
        return f"{asked.lower()} {verb} {rest}"  # "who is late" asks for its subject
    return ""


def _is_noun_phrase(text: str) -> bool:
    first, *more = text.split()
    if first in _NOUNS_BEGIN or first[0].isupper() or first[0].isdigit():
        return True
    return not more and first not in _NO_NOUNS
