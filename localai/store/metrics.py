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

    def metrics(self, run_id: str) -> tuple[tuple[int, dict[str, float]], ...]:
        """(step, numbers by name) of a run, by step; none for an unknown run."""
        with self._db.read() as db:
            rows: list[tuple[int, str, float | None]] = db.execute(
                "SELECT step, name, value FROM metrics WHERE run = ? ORDER BY step, name",
                (run_id,),
            ).fetchall()
        steps: dict[int, dict[str, float]] = {}
        for step, name, value in rows:
            steps.setdefault(step, {})[name] = math.nan if value is None else value
        return tuple(steps.items())
