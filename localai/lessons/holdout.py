"""Which examples of a data set are not trained on, but tell when to stop.

Whole conversations, chosen by the hashes of their names, so that the same ones are held
out as the set grows. Not for the user's own corrections: each is a fact of its own, which
no other one teaches, and one that is held out would never be learned.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from localai.store.tuning import StoredExample

ENOUGH = 20
"""Examples of which some can be spared."""

SHARE = 0.1
MOST = 64
"""Examples held out of any set: more would take time and tell nothing more."""


def held_out(examples: Sequence[StoredExample]) -> frozenset[str]:
    """The ids of those to hold out, of each set by itself; none of a small set, or where
    conversations are so long that one would be more than a share, or beside the user's own."""
    sets = dict.fromkeys(example.name for example in examples)
    if not all(sets):
        return frozenset()
    parts = ([example for example in examples if example.name == name] for name in sets)
    return frozenset().union(*map(_of_set, parts))


def _of_set(examples: Sequence[StoredExample]) -> frozenset[str]:
    wanted = min(MOST, int(SHARE * len(examples)))
    if len(examples) < ENOUGH:
        return frozenset()
    sizes = Counter(example.conversation for example in examples)
    chosen: set[str] = set()
    for conversation in sorted(sizes, key=_hash):
        if sizes[conversation] <= wanted:
            chosen.add(conversation)
            wanted -= sizes[conversation]
    return frozenset(example.id for example in examples if example.conversation in chosen)


def _hash(conversation: str) -> str:
    return hashlib.sha256(conversation.encode()).hexdigest()
