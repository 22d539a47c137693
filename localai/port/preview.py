"""An import that changes nothing: it says what would be added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from localai.store.drafts import Draft, Landed
from localai.store.store import Store
from localai.store.tree import Tree


class Preview:
    """Stands in for a store and only looks into it. Knows what it was shown before, too."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: set[bytes] = set()
        self._ids: set[str] = set()
        self._leaves: set[str] = {""}

    def add_drafts(self, drafts: Iterable[Draft]) -> list[Landed]:
        """What the store would do."""
        return self._store.preview_drafts(drafts, self._seen)

    def add_trees(self, trees: list[Tree], *, trust: bool = False) -> list[Landed]:
        """What the store would do."""
        return self._store.preview_trees(trees, self._ids, trust=trust)

    def add_imported(self, name: str, leaves: Sequence[str]) -> int:
        """What the store would do, so far as a preview can tell."""
        new = set(leaves) - self._leaves
        self._leaves |= new
        return self._store.preview_imported(name, new)

    def fold_log(self) -> None:
        """There is nothing to fold."""
