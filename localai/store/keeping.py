"""Forgetting for good and backing up: what the store offers of `upkeep`.

Rarely needed, so what does the work is imported only when it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from localai.errors import StoreError
from localai.store.connection import Database

if TYPE_CHECKING:
    from localai.store.upkeep.archive import Manifest
    from localai.store.upkeep.erasing import Erased
    from localai.store.upkeep.merging import Merged
    from localai.store.upkeep.restoring import Candidate
    from localai.store.upkeep.scope import Scope


class Keeping:
    """The part of the store that looks after the data folder."""

    _db: Database

    def mentioning(self, query: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Ids of (conversations with all the words of `query` in their title or their system
        text, messages that have them anywhere, tools' results and hidden conversations
        included)."""
        from localai.store.upkeep import words

        with self._db.read() as db:
            return words.matching(db, query)

    def scope(self, conversations: tuple[str, ...] = (), messages: tuple[str, ...] = ()) -> Scope:
        """What goes when these conversations and messages (ids) are forgotten.

        Raises StoreError when a message is not there.
        """
        from localai.store.upkeep import scope

        with self._db.read() as db:
            for id_ in messages:
                if not db.execute("SELECT 1 FROM messages WHERE id = ?", (id_,)).fetchone():
                    raise StoreError(
                        f"There is no message {id_!r}; `localai history show ID --json` shows ids."
                    )
            return scope.find(db, conversations, messages)

    def copies_holding(self, scope: Scope) -> tuple[Path, ...]:
        """The copies in the data folder that hold what the scope names, or may hold it."""
        from localai.store.upkeep import copies

        data = Path(self._db.where).parent
        found = copies.search(data, scope.conversations, scope.messages)
        unread = (path for path, _ in found.unread)
        return (*found.holding, *unread, *copies.leftovers(data))

    def forget(self, scope: Scope) -> Erased:
        """Erase what the scope names, and every trace of it in the data folder; nothing brings
        it back. Retires the adapters that learned from it, makes a clean copy at once.

        Raises StoreError when that has to wait for another process, or be finished later.
        """
        from localai.store.upkeep import erasing

        return erasing.erase(self._db, scope)

    def finish_forgetting(self) -> Erased | None:
        """Do what an interrupted `forget` has left; None when nothing was left."""
        from localai.store.upkeep import erasing

        return erasing.finish(self._db)

    def write_backup(self, path: Path) -> Manifest:
        """Put data, adapters and settings into one verified file at `path`."""
        from localai.store.upkeep import archive, locks

        data = Path(self._db.where).parent
        with locks.copying(data):
            return archive.write(self._db, data, path)

    def merge(self, found: Candidate) -> Merged:
        """Add the conversations of an unpacked backup that are not there yet."""
        from localai.store.upkeep import merging

        return merging.merge(found, self._db)
