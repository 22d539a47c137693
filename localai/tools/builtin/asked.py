"""What the two search tools share: checking what was asked, and results that stay short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from localai.errors import ToolError

MOST_RESULTS = 20
_LONGEST_LINE = 1_000


def checked(query: str, limit: int) -> int:
    """The number of results to give, at most MOST_RESULTS. Raises ToolError."""
    if not any(map(str.isalnum, query)):
        raise ToolError("query must hold a word to search for.")
    if limit < 1:
        raise ToolError("limit must be 1 or more.")
    return min(limit, MOST_RESULTS)


def line(text: str) -> str:
    """Text on one line, so that it cannot look like the next result."""
    return " ".join(text.split())[:_LONGEST_LINE]


def fitting(results: Iterable[str], room: int) -> Iterator[str]:
    """The first results that together have at most `room` characters; always the first."""
    for number, result in enumerate(results):
        room -= len(result)
        if number and room < 0:
            return
        yield result
