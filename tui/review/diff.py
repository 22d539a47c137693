"""What a correction changed, word by word. Pure; takes clean texts."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from textual.content import Content

OLD, NEW = "strike $error", "bold $success"
MOST_PAIRS = 1_000_000
"""Words of one text times words of the other above which they are not compared."""
ALIKE = 0.4
"""Below this share of common words, a text is shown whole after the other."""

_WORD = re.compile(r"\s+|\w+|[^\w\s]")


def compared(rejected: str, chosen: str) -> Content:
    """The better text, with what went struck through and what is new in bold."""
    old, new = _WORD.findall(rejected), _WORD.findall(chosen)
    if len(old) * len(new) > MOST_PAIRS:
        return _apart(rejected, chosen)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return _apart(rejected, chosen)
    parts: list[Content] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            parts.append(Content("".join(new[c:d])))
            continue
        parts.append(Content.styled("".join(old[a:b]), OLD))
        parts.append(Content.styled("".join(new[c:d]), NEW))
    return Content.assemble(*parts)


def _apart(rejected: str, chosen: str) -> Content:
    return Content.assemble(Content.styled(rejected, OLD), "\n", Content.styled(chosen, NEW))
