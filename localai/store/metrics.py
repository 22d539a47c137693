"""The numbers of a run, step by step, for curves and reports."""

from __future__ import annotations

import math

from localai.errors import StoreError
from localai.store.connection import Database


class Metrics:
    """The part of the store that knows a run's numbers."""

    _db: Database

    def add_metric(self, run_id: str, step: int, values: dict[str, float]) -> None:
        """Record numbers of one step by name; the same name and step again replaces one.

        Numbers that are not finite may be recorded, too. Raises StoreError when there is no
        such run.
        """
        with self._db.write() as db:
            if db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is None:
                raise StoreError(f"There is no tune run {run_id!r} to record numbers of.")
            # SQLite keeps what is not a number as NULL.
            db.executemany(
                "INSERT INTO metrics (run, step, name, value) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT DO UPDATE SET value = ?4",
                [(run_id, step, name, value) for name, value in values.items()],
            )

    def last_step(self, run_id: str) -> int:
        """The last step of a run that has numbers, 0 for none."""
        with self._db.read() as db:
            found = db.execute("SELECT max(step) FROM metrics WHERE run = ?", (run_id,)).fetchone()
        return int(found[0] or 0)

    def metrics(
        self, run_id: str, steps: tuple[int, int] | None = None
    ) -> tuple[tuple[int, dict[str, float]], ...]:
        """(step, numbers by name) of a run, by step; of all, or of the `steps` after the first to
        the second. None for an unknown run."""
        before, last = steps or (None, None)
        with self._db.read() as db:
            rows: list[tuple[int, str, float | None]] = db.execute(
                "SELECT step, name, value FROM metrics WHERE run = ?1 "
                "AND (?2 IS NULL OR step > ?2) AND (?3 IS NULL OR step <= ?3) ORDER BY step, name",
                (run_id, before, last),
            ).fetchall()
        found: dict[int, dict[str, float]] = {}
        for step, name, value in rows:
            found.setdefault(step, {})[name] = math.nan if value is None else value
        return tuple(found.items())
