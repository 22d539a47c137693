"""The tokens that would be trained, as styled text: those that count, and the rest. Pure."""

from __future__ import annotations

from textual.content import Content

from localai.lessons.preview import Preview, Seen
from localai.sanitize import clean

READ = "$foreground 65%"
LEARNED = ("$foreground on $success 20%", "$foreground on $success 40%")
"""In turn, so that one sees where a token begins."""


def summary(preview: Preview, way: int) -> Content:
    """How many tokens there are in this way to ask or this part, and how many of them there are."""
    seen, ways = preview.examples[way], len(preview.examples)
    asked = f", {preview.manner}" if ways > 1 else ""
    more = f" · w: {way + 1} of {ways}" if ways > 1 else ""
    more += " · the model's words" if seen.rewritten else ""
    return Content.assemble(
        f"{len(seen.pieces):,} tokens, ",
        Content.styled(f"{seen.weighted:,} learned", LEARNED[0]),
        asked,
        Content.styled(more, READ),
    )


def painted(seen: Seen, *, underlined: bool) -> Content:
    """All tokens; where there are no colours, those that count can be `underlined`."""
    parts = []
    learned = 0
    for text, counts in seen.pieces:
        style = READ
        if counts:
            style = ("underline " if underlined else "") + LEARNED[learned % 2]
            learned += 1
        parts.append(Content.styled(clean(text).replace("\n", "↵\n"), style))
    return Content.assemble(*parts)
