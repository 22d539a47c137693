"""Sentences between messages: where earlier ones no longer fit the window. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from localai.store.rows import StoredMessage


def dropped_note(dropped: int, before: int) -> str:
    """What to say above an answer that `dropped` messages were left out for, when the
    answer before it was given without `before` messages."""
    if dropped <= before:
        return ""
    messages = "1 earlier message" if dropped == 1 else f"{dropped:,} earlier messages"
    verb = "fits" if dropped == 1 else "fit"
    were = "was" if dropped == 1 else "were"
    return f"{messages} no longer {verb} the context window and {were} left out."


def with_notes(rows: Iterable[StoredMessage]) -> Iterator[tuple[StoredMessage, str]]:
    """Each message with the note that stands above it, "" for none."""
    before = 0
    for row in rows:
        note = ""
        if row.origin is not None:
            note = dropped_note(row.origin.dropped, before)
            before = row.origin.dropped
        yield row, note
