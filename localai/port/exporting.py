"""An export from beginning to end: conversations of the store to text, or to a new file.

At most one conversation is in memory. How the forms look is `writing`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from localai.counted import counted
from localai.port.target import new_file
from localai.port.writing import WRITERS
from localai.store.store import Store
from localai.store.tree import Tree


class Export:
    """Conversations by their ids in one of the forms; `conversations` and `pieces` of text
    are counted as they go by."""

    def __init__(self, store: Store, ids: Iterable[str], form: str) -> None:
        self._store, self._ids, self._form = store, tuple(ids), form
        self.conversations = self.pieces = 0

    def __iter__(self) -> Iterator[str]:
        """The text, piece by piece."""
        # Our own document holds what forks share once, in the conversations they hang on.
        trees = self._store.trees(self._ids) if self._form == "json" else self._whole()
        for piece in WRITERS[self._form](self._counted(trees)):
            self.pieces += 1
            yield piece

    def write(self, path: Path) -> None:
        """Write a new file, complete or not there. Raises PortError."""
        with new_file(path) as write:
            for piece in self:
                write(piece)

    def outcome(self, path: Path | None) -> str:
        """What there was to say, once it is done; "" where the text says it all."""
        if self.conversations and self.pieces:
            return f"Wrote {counted(self.conversations, 'conversation')} to {path}" if path else ""
        if not self.conversations:
            found = "There are no conversations yet."
        elif self._form == "pairs":
            found = "No correction is in force."
        else:
            found = "Nothing was said in them yet."
        return f"{found} {path} is empty." if path else found

    def _whole(self) -> Iterator[Tree]:
        """Conversations one by one, as they are shown; those that go meanwhile are left out."""
        for id_ in self._ids:
            tree = self._store.tree(id_, shared=True)
            if tree is not None:
                yield tree

    def _counted(self, trees: Iterable[Tree]) -> Iterator[Tree]:
        """The conversations that are asked for are counted, not what they hang on."""
        asked = set(self._ids)
        for tree in trees:
            self.conversations += tree.id in asked
            yield tree
