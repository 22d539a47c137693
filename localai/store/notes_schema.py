"""The schema of the index of the notes. It has no steps: another version is thrown away."""

from __future__ import annotations

from localai.store.driver import sqlite

APPLICATION_ID = 0x6C6F636E  # "locn", in the file's header
VERSION = 2

_STATEMENTS = (
    # `modified` is in ns; `rest` is the part to go on from, 0 when all of the file is in.
    """CREATE TABLE files (
        number INTEGER PRIMARY KEY,
        folder BLOB NOT NULL,
        path BLOB NOT NULL,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        rest INTEGER NOT NULL,
        readable INTEGER NOT NULL,
        UNIQUE (folder, path)
    ) STRICT""",
    """CREATE TABLE passages (
        number INTEGER PRIMARY KEY,
        file INTEGER NOT NULL REFERENCES files (number) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX passages_by_file ON passages (file)",
    # Words are told apart as in conversations; one in the file's name counts twice.
    """CREATE VIRTUAL TABLE passage_text USING fts5 (
        name, text, content='passages', content_rowid='number',
        tokenize='unicode61 remove_diacritics 2'
    )""",
    "INSERT INTO passage_text (passage_text, rank) VALUES ('rank', 'bm25(2.0, 1.0)')",
    # Without it the words of what is taken out stay in the index until it is merged.
    "INSERT INTO passage_text (passage_text, rank) VALUES ('secure-delete', 1)",
    """CREATE TRIGGER passage_added AFTER INSERT ON passages
    BEGIN
        INSERT INTO passage_text (rowid, name, text) VALUES (new.number, new.name, new.text);
    END""",
    """CREATE TRIGGER passage_removed AFTER DELETE ON passages
    BEGIN
        INSERT INTO passage_text (passage_text, rowid, name, text)
        VALUES ('delete', old.number, old.name, old.text);
    END""",
    f"PRAGMA application_id={APPLICATION_ID}",
    f"PRAGMA user_version={VERSION}",
)


def current(connection: sqlite.Connection) -> bool:
    """True when the schema is this one, False for an empty file.

    Raises sqlite.DatabaseError for any other.
    """
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS]
    if found == list(_MARKS.values()):
        return True
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise sqlite.DatabaseError("it is of another version")
    return False


def create(connection: sqlite.Connection) -> None:
    """Make the schema in an empty database, all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _STATEMENTS:
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_MARKS = {"application_id": APPLICATION_ID, "user_version": VERSION}
