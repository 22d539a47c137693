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
        self._store, self._ids, self._form = store, ids, form
        self.conversations = self.pieces = 0

    def __iter__(self) -> Iterator[str]:
        """The text, piece by piece."""
        for piece in WRITERS[self._form](self._trees()):
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

    def _trees(self) -> Iterator[Tree]:
        """Conversations one by one; those that go meanwhile are left out."""
        for id_ in self._ids:
            tree = self._store.tree(id_)
            if tree is not None:
                self.conversations += 1
                yield tree
