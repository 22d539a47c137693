"""What the review lists, read a page at a time: data sets may hold very many examples."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from localai.lessons import phrasings
from localai.store.store import Store
from localai.store.tuning import Rewrites, StoredExample, Tally
from tui.review.values import Filter, Sheet

PAGE = 100
"""Examples that are read at once."""
OVERLAP = 10
"""Examples that are read again with the next page, for what was decided on since the last."""


class Page(msgspec.Struct, frozen=True):
    """Examples that are listed for a filter, with the number of all in each data set and state."""

    shown: Filter
    rows: tuple[StoredExample, ...]
    tallies: tuple[Tally, ...]


def first(store: Store, wanted: Filter | None) -> Page:
    """The newest examples; without a filter those that are pending, else all."""
    tallies = store.example_tallies()
    if wanted is None:
        wanted = Filter("pending" if any(t.state == "pending" for t in tallies) else None)
    rows = store.examples(state=wanted.state, name=wanted.name, limit=PAGE)
    return Page(wanted, rows, tallies)


def more(store: Store, wanted: Filter, listed: int) -> tuple[StoredExample, ...]:
    """The next examples, when so many of these are listed; some of them again."""
    offset = max(0, listed - OVERLAP)
    return store.examples(state=wanted.state, name=wanted.name, limit=PAGE + OVERLAP, offset=offset)


def sheet(store: Store, example: StoredExample) -> Sheet:
    """An example with its texts."""
    if example.whole:
        path = tuple(stored.message for stored in store.path(example.leaf))
        head = store.conversation(example.conversation).system
        return _with_ways(store, Sheet(example, path, system=head))
    answer = store.message(example.leaf)
    asked = (store.message(answer.parent).message,) if answer.parent else ()
    rejected = store.message(example.rejected).message.text if example.rejected else ""
    return _with_ways(store, Sheet(example, (*asked, answer.message), rejected=rejected))


def _with_ways(store: Store, sheet: Sheet) -> Sheet:
    """The same with the ways to ask, where one answer of the user's own is learned."""
    answers = sum(turn.role == "assistant" for turn in sheet.turns)
    asked = next((turn.text for turn in sheet.turns if turn.role == "user"), "").strip()
    if sheet.example.name or answers > 1 or not asked:
        return sheet
    found = store.rewrites(sheet.example.leaf) or Rewrites()
    return replace(sheet, ways=phrasings.training(asked), rewrites=found)
