"""What is known of an adapter beside its row: its file, its manifest, what it learned from.

Only looks; an adapter whose files are gone or damaged has few facts and is no error.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from localai.errors import ModelError, StoreError
from localai.store.store import Store
from localai.store.tuning import Adapter, StoredExample
from localai.tune.manifest import Manifest, read_manifest


class Facts(msgspec.Struct, frozen=True):
    """`bytes` of its file, 0 for none; its manifest, None for none that can be read; `learned`
    from it are the examples that are there still, `unknown` counts the others."""

    adapter: Adapter
    bytes: int
    manifest: Manifest | None
    learned: tuple[StoredExample, ...]
    unknown: int


def facts(store: Store, adapter: Adapter) -> Facts:
    """All that is known of it."""
    path = Path(adapter.file)
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    try:
        manifest = read_manifest(path.parent)
    except ModelError:
        manifest = None
    ids = manifest.corrections if manifest else tuple(store.learned(adapter))
    learned = []
    for id_ in ids:
        try:
            learned.append(store.example(id_))
        except StoreError:
            continue
    return Facts(adapter, size, manifest, tuple(learned), len(ids) - len(learned))
