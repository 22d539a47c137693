"""Makes the end of half-written Markdown look as it will when it is finished.

Only for what is drawn again anyway: nothing here changes what is finally shown or
stored. Pure.
"""

from __future__ import annotations

import re

UNDECIDED = re.compile(r"[-=*_#>+|~`:\s]*|\s*\d+[.)]\s*|\s*(`{3}|~{3})[^`]*|\s*\|.*")
"""A last line that is only the beginning of some markup, a fence, or a table row."""

TABLE_HEAD = re.compile(r"(\A|\n\n)\|[^\n]*\Z")
"""The first line of a table, which is a paragraph until the line below it is there."""

CLOSING_FENCE = re.compile(r"\s*[`~]+\s*")
OPENED = re.compile(r"(?<!\S)[*_`~]+\Z")
"""Markers at the very end that have nothing to mark yet."""

CODE_SPAN = re.compile(r"`[^`]*`")


def mend(text: str) -> str:
    """`text` without markup that is just beginning, and with open markup closed."""
    head, newline, line = text.rpartition("\n")
    if UNDECIDED.fullmatch(line):
        return TABLE_HEAD.sub("", head)
    paragraph = text.rpartition("\n\n")[2]
    if "```" in paragraph or "~~~" in paragraph:
        return text
    bare = OPENED.sub("", line).rstrip("*_`~")
    if not bare.strip():
        return head
    above = paragraph.rpartition("\n")[0]
    return f"{head}{newline}{bare}{closers(above + newline + bare)}" or text


def mend_code(text: str) -> str:
    """`text`, which ends inside a code block, without the beginning of a closing fence."""
    head, newline, line = text.rpartition("\n")
    return head if newline and CLOSING_FENCE.fullmatch(line) else text


def closers(text: str) -> str:
    """The markers that close what is open at the end of `text`."""
    if text.count("`") % 2:
        return "`"
    return "**" if CODE_SPAN.sub("", text).count("**") % 2 else ""
