"""From an HTML page to text that can be read: headings, paragraphs, list items, table rows.

Scripts, styles and drawings are left out; links keep their text only. It does not guess what
on a page is its content.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_HIDDEN = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "canvas", "iframe", "object")
)
_LINES = frozenset(
    ("br", "div", "li", "tr", "dt", "dd", "header", "footer", "main", "nav", "aside", "form")
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_ITEM = "- "
_MARKS = _HEADINGS | {"li": _ITEM}
_APART = frozenset(
    ("p", "ul", "ol", "dl", "table", "pre", "blockquote", "section", "article", "figure", "hr")
) | frozenset(_HEADINGS)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def text(html: str) -> str:
    """The page's title, if it has one, and its text."""
    page = _Page()
    page.feed(html)
    page.close()
    lines = [line.rstrip() for line in "".join(page.parts).split("\n")]
    body = _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip("\n")
    title = _BLANKS.sub(" ", "".join(page.title)).strip()
    return f"{title}\n\n{body}".strip("\n") if title else body


class _Page(HTMLParser):
    """Collects `parts`, the pieces of the text, with the line breaks of its blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self._hidden = 0
        self._in_title = False
        self._as_it_is = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "title":
            self._in_title = not self.title and not self._hidden
        elif tag in ("td", "th"):
            self._add("\t" if self._inside_a_line() else "")
        elif tag not in ("p", "div") or self.parts[-1:] != [_ITEM]:  # a paragraph of an item
            self._break(tag)
            self._add(_MARKS.get(tag, ""))
            self._as_it_is += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "title":
            self._in_title = False
        elif tag != "br":
            self._break(tag)
            self._as_it_is = max(0, self._as_it_is - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._in_title:
            self.title.append(data)
        elif self._as_it_is:
            self._add(data.replace("\r\n", "\n"))
        else:
            words = _BLANKS.sub(" ", data)
            self._add(words if self._inside_a_line() else words.lstrip(" "))

    def _break(self, tag: str) -> None:
        if tag in _APART:
            self._add("\n\n")
        elif tag in _LINES:
            self._add("\n" if tag == "br" or self._inside_a_line() else "")

    def _add(self, part: str) -> None:
        if part:
            self.parts.append(part)

    def _inside_a_line(self) -> bool:
        """Whether something stands on the present line already."""
        return bool(self.parts) and not self.parts[-1].endswith("\n")
