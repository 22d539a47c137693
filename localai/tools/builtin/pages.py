"""What a fetched page says, as text of a length that a model can read."""

from __future__ import annotations

import re

from localai.errors import ToolError
from localai.tools.builtin import exchange, readable
from localai.tools.builtin.exchange import Page

MOST_CHARACTERS = 20_000
_HTML = ("text/html", "application/xhtml+xml")
_META = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([\w-]{1,40})", re.IGNORECASE)
_META_WITHIN = 2048


def told(page: Page) -> str:
    """What a page says, with a note when not all of it is there. Raises ToolError."""
    text = _decoded(page)
    if "\0" in text:
        raise ToolError("The page is no text.")
    if page.kind in _HTML:
        text = readable.text(text)
    if len(text) > MOST_CHARACTERS:
        of = f"{'' if page.whole else 'more than '}{len(text):,}"
        note = f"[Cut: the first {MOST_CHARACTERS:,} of {of} characters.]"
        return f"{text[:MOST_CHARACTERS]}\n{note}"
    if not page.whole:
        return f"{text}\n[Cut: only the first {exchange.MOST_BYTES >> 20} MB were read.]"
    return text or "[The page is empty.]"


def _decoded(page: Page) -> str:
    """By the charset that the server names, else the page itself, else as UTF-8."""
    charset = page.charset
    if charset is None and (meta := _META.search(page.data[:_META_WITHIN])):
        charset = meta[1].decode("ascii", "replace")
    try:
        return page.data.decode(charset or "utf-8-sig", "replace")
    except (LookupError, ValueError):  # no charset that is known, or no text's
        return page.data.decode("utf-8", "replace")
