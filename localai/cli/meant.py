"""Which conversation, model or adapter is meant on the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localai.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

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


def instead(invocation: Invocation, model: str, option: str = "--for") -> Invocation:
    """The invocation with another model, "" for the same. Raises UsageError when -m names
    one, too."""
    if model and invocation.model not in ("", model):
        names = f"-m names {invocation.model} and {option} {model}"
        raise UsageError(f"{names}; leave one of them out.")
    return replace(invocation, model=model or invocation.model)


def in_use(entry: ModelEntry, settings: Settings) -> bool:
    """Whether it is the model that answers when none is named."""
    from localai.catalog.catalog import DEFAULT

    return (settings.model or DEFAULT) in (entry.name, str(entry.path))


def file(invocation: Invocation) -> Path:
    """The file of the model in use."""
    from localai import config
    from localai.catalog.entry import required_path

    return required_path(model(invocation, config.load()))


def base(invocation: Invocation, store: Store) -> str:
    """The hash of that file."""
    from localai.chat.adapters import file_hash

    return file_hash(store, file(invocation))


def adapter(invocation: Invocation, store: Store, name: str) -> Adapter:
    """The adapter of the model in use that is called so. Raises StoreError when there is none,
    UsageError when it is another model's."""
    return adapter_of(file(invocation), store, name)


def adapter_of(file: Path, store: Store, name: str) -> Adapter:
    """Likewise, of the model in that file."""
    from localai.chat.adapters import file_hash

    found = store.adapter(name)
    if found.base != file_hash(store, file):
        raise UsageError(f"{found.name} belongs to another model; choose that model with -m first.")
    return found
