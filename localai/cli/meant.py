"""Which conversation an id on the command line means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.store.rows import Conversation
    from localai.store.store import Store


def conversation(store: Store, id: str) -> Conversation:
    """The conversation with this id, or whose id begins or ends so; "latest" is the last used.

    Raises UsageError or StoreError when there is none.
    """
    if id != "latest":
        return store.conversation(id)
    latest = store.latest()
    if latest is None:
        raise UsageError("There are no conversations yet; start one: localai ask")
    return latest
