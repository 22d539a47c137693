"""What a correction changed, word by word. Pure; takes clean texts."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from textual.content import Content

OLD, NEW = "strike $error", "bold $success"
MOST_PAIRS = 250_000
"""Words of one text times words of the other above which they are not compared."""
ALIKE = 0.4
"""Below this share of common words, a text is shown whole after the other."""

Piece = str | tuple[str, str]
"""Text, or text with its style."""

_WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
"""A word or a sign with the blanks behind it: half as many to compare as without them."""


def compared(rejected: str, chosen: str) -> Content:
    """The better text, with what went struck through and what is new in bold."""
    old, new = _WORD.findall(rejected), _WORD.findall(chosen)
    if len(old) * len(new) > MOST_PAIRS:
        return _apart(rejected, chosen)
    matcher = SequenceMatcher(None, _bare(old), _bare(new), autojunk=False)
    if matcher.ratio() < ALIKE:
        return _apart(rejected, chosen)
    parts: list[Piece] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            parts += _replaced("".join(old[a:b]), "".join(new[c:d]))
            continue
        for before, after in zip(old[a:b], new[c:d], strict=True):
            word = after.rstrip()  # the blanks behind it may be others
            parts += [word, *_replaced(before[len(word) :], after[len(word) :])]
    return Content.assemble(*parts)


def _bare(words: list[str]) -> list[str]:
    return [word.rstrip() for word in words]


def _replaced(old: str, new: str) -> list[Piece]:
    """What went, what is new, and once the blanks that both end with."""
    blanks = new[len(new.rstrip()) :]
    blanks = blanks if old.endswith(blanks) else ""
    changed = ((old.removesuffix(blanks), OLD), (new.removesuffix(blanks), NEW))
    return [*(piece for piece in changed if piece[0]), blanks]


def _apart(rejected: str, chosen: str) -> Content:
    return Content.assemble(Content.styled(rejected, OLD), "\n", Content.styled(chosen, NEW))
