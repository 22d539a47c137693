"""The store: everything that is said and learned, in one SQLite file.

All reads and writes go through here. `Store` is opened once for writing by each front end.
Calls may come from any thread, one at a time; a user interface that must never wait for a
commit opens a second store with `readonly=True` and closes it before the writing one.
Values in, values out; what a message means to a model is decided elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from localai import paths
from localai.store import info, opening
from localai.store.activations import Activations
from localai.store.adapters import Adapters
from localai.store.answers import Answers
from localai.store.authoring import Authoring
from localai.store.connection import Database
from localai.store.consents import Consents
from localai.store.conversations import Conversations
from localai.store.corrections import Corrections
from localai.store.evals import Evals
from localai.store.examples import Examples
from localai.store.file_hashes import FileHashes
from localai.store.forks import Forks
from localai.store.imports import Imports
from localai.store.keeping import Keeping
from localai.store.messages import Messages
from localai.store.metrics import Metrics
from localai.store.places import Places
from localai.store.preferences import Preferences
from localai.store.rewrites import Rewriting
from localai.store.rounds import Rounds
from localai.store.runs import Runs
from localai.store.search import Search
from localai.store.trees import Trees
from localai.store.upkeep import daily


class Store(
    Conversations,
    Messages,
    Forks,
    Answers,
    Places,
    Search,
    Corrections,
    Examples,
    Authoring,
    Rewriting,
    Adapters,
    Activations,
    Runs,
    Metrics,
    Rounds,
    Evals,
    FileHashes,
    Consents,
    Preferences,
    Imports,
    Trees,
    Keeping,
):
    """An open store. Every method raises StoreError with a sentence for the user."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @classmethod
    def open(
        cls, path: Path | None = None, *, readonly: bool = False, checkpoints: bool = False
    ) -> Self:
        """Open the database at `path` (the usual place by default), made if it is missing.

        The front end that runs longest (the app) passes `checkpoints`: it alone folds the
        write-ahead log into the file while it runs; for the others the last one to close
        does. Once a day, opening it for writing starts the making of a backup in a process
        of its own. Raises StoreNewer, StoreDamaged or StoreError.
        """
        path = path or paths.database()
        database = opening.open_database(path, readonly=readonly, checkpoints=checkpoints)
        if not readonly:
            daily.start_if_due(database)
        return cls(database)

    @classmethod
    def existing(cls, path: Path) -> Self | None:
        """Open for reading what is at `path`, changing nothing; None when nothing is there.

        Raises StoreError, also when the schema is not the present one.
        """
        database = opening.open_existing(path)
        return cls(database) if database else None

    @classmethod
    def memory(cls) -> Self:
        """A store that is never on disk."""
        return cls(opening.open_memory())

    def info(self) -> info.Info:
        """What is known about the database, for `localai doctor`; reads all of it."""
        return info.describe(self._db)

    def close(self) -> None:
        """Give the database back. Nothing is pending: every call has committed."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
