"""Hashes of large files, so that each is read once. A file that has another size or time of
change than then counts as unknown. Hashing is done elsewhere.
"""

from __future__ import annotations

from localai.store.connection import Database


class FileHashes:
    """The part of the store that knows files by their hashes."""

    _db: Database

    def file_hash(self, path: str, size: int, mtime_ns: int) -> str:
        """The remembered SHA-256 of a file of `size` bytes, changed at `mtime_ns` nanoseconds
        Unix time; "" when it is not known in that state."""
        with self._db.read() as db:
            row: tuple[str] | None = db.execute(
                "SELECT sha256 FROM file_hashes WHERE path = ? AND size = ? AND mtime_ns = ?",
                (path, size, mtime_ns),
            ).fetchone()
            return "" if row is None else row[0]

    def remember_file_hash(self, path: str, size: int, mtime_ns: int, sha256: str) -> None:
        """Remember a file's SHA-256 in that state, instead of an earlier one."""
        with self._db.write() as db:
            db.execute(
                "INSERT INTO file_hashes (path, size, mtime_ns, sha256) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, "
                "sha256 = excluded.sha256",
                (path, size, mtime_ns, sha256),
            )
