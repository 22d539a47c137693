"""Changing what is learned from a single answer, wherever that is edited.

Whole dialogues are rewritten by the store alone; decisions on examples are there as well.
"""

from __future__ import annotations

from localai.store.store import Store
from localai.store.tuning import Correction, StoredExample


def mend(store: Store, example: StoredExample, text: str) -> Correction:
    """Let `text` be the better answer instead of an example's; a mark on that answer goes.

    A conversation that went on from another message still does. Raises StoreError.
    """
    stays = store.conversation(example.conversation).leaf
    correction = store.add_correction(example.leaf, text)
    if stays and stays != example.leaf:
        store.set_leaf(example.conversation, stays)
    return correction
