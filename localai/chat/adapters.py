"""Which adapter answers for a model's file, and an engine that uses it.

The store says what is active for a model, which it knows by its content; here the file is
matched with that, at the cost of one look at its size where no adapter exists. Whether an
adapter works is the engine's to say; training and promoting are done elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from localai.catalog.entry import ModelEntry, required_path
from localai.chat.turn import AdapterRefused
from localai.engine.base import BARE, AdapterFile, Beside, Engine, ModelInfo
from localai.errors import AdapterError, ModelError
from localai.store.store import Store
from localai.store.tuning import Adapter


class Ready(NamedTuple):
    """What is loaded, the adapter that answers (None: the bare model), and why it is not
    the active one, where it is not; `beside` where it answers beside the one in force."""

    info: ModelInfo
    adapter: Adapter | None
    refused: AdapterRefused | None = None
    beside: Beside | None = None


def prepare(engine: Engine, store: Store, entry: ModelEntry) -> Ready:
    """Have the engine loaded with the active adapter, or bare if that is refused.

    Asked before each answer, since another process may have activated one meanwhile.
    Raises LocalaiError when the model itself cannot be loaded.
    """
    active = active_adapter(store, entry)
    try:
        return Ready(use(engine, active), active)
    except AdapterError as error:
        if active is None:
            raise
        refused = AdapterRefused(active.name, str(error))
    return Ready(use(engine, None), None, refused)


def aside(engine: Engine, store: Store, entry: ModelEntry, adapter: Adapter | None) -> Ready:
    """Have the engine loaded so that this adapter answers, or the bare model; where another one
    is in force, beside it, and that one stays.

    Raises AdapterError when it is refused, ModelError where the memory is too short for two.
    """
    ready = prepare(engine, store, entry)
    if (ready.adapter.id if ready.adapter else "") == (adapter.id if adapter else ""):
        return Ready(ready.info, adapter)
    file = AdapterFile(adapter.file, adapter.sha256, base=adapter.base) if adapter else BARE
    wanted = Beside(file)
    engine.use_beside(wanted)
    return Ready(ready.info, adapter, beside=wanted)


def active_adapter(store: Store, entry: ModelEntry) -> Adapter | None:
    """The adapter that is to answer for the model's file as it is now, None for none.

    Raises ModelError when the file cannot be read.
    """
    path = required_path(entry)
    try:
        size = path.stat().st_size
    except OSError:
        return None
    if size not in store.adapter_sizes():
        return None
    return store.active_adapter(file_hash(store, path))


def file_hash(store: Store, path: Path) -> str:
    """The SHA-256 (hex) of a file; it is read only if the store does not remember it.

    Raises ModelError when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            state = (str(path), found.st_size, found.st_mtime_ns)
            known = store.file_hash(*state)
            sha256 = known or hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions."
        ) from error
    if not known:
        store.remember_file_hash(*state, sha256)
    return sha256


def use(engine: Engine, adapter: Adapter | None) -> ModelInfo:
    """The loaded model with this adapter, None for the bare one. Raises AdapterError when that
    is refused."""
    try:
        info = engine.load()
    except AdapterError:  # of an earlier answer; it cannot be brought back and is let go
        info = engine.load()
    if (info.adapter, info.adapter_scale) == (adapter.sha256 if adapter else "", 1.0):
        return info
    if adapter is None:
        return engine.use_adapter("", "")
    return engine.use_adapter(adapter.file, adapter.sha256, base=adapter.base)
