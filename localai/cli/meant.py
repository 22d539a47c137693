"""Which conversation, model or adapter is meant on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.catalog import ModelEntry
    from localai.cli.invocation import Invocation
    from localai.config import Settings
    from localai.store.rows import Conversation
    from localai.store.store import Store
    from localai.store.tuning import Adapter


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


def model(invocation: Invocation, settings: Settings) -> ModelEntry:
    """The model in use: that of -m, else the one in the settings."""
    from localai.catalog import Catalog

    return Catalog().resolve(invocation.model or settings.model)


def base(invocation: Invocation, store: Store) -> str:
    """The hash of the file of the model in use."""
    from localai import config
    from localai.catalog.entry import required_path
    from localai.chat.adapters import file_hash

    return file_hash(store, required_path(model(invocation, config.load())))


def adapter(invocation: Invocation, store: Store, name: str) -> Adapter:
    """The adapter of the model in use that is called so. Raises StoreError when there is none,
    UsageError when it is another model's."""
    found = store.adapter(name)
    if found.base != base(invocation, store):
        raise UsageError(f"{found.name} belongs to another model; choose that model with -m first.")
    return found
