"""Identity of rows: ULIDs, unique across machines and sorted by time."""

from __future__ import annotations


def new_id() -> str:
    """A fresh id, 26 characters."""
    # Imported here because listing the history makes no ids and must start fast.
    from ulid import ULID

    return str(ULID())
