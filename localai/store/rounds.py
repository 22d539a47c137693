"""Rounds of rejection sampling: what came of each, and every answer that was sampled.

They belong to a tune run and go with it. Answers that a retired adapter may have given go alone
(`upkeep.rows_gone`): what the rounds came to stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from localai.store.columns import encode
from localai.store.connection import Database
from localai.store.discovering import KEPT, Attempt, Round

_attempt = msgspec.json.Decoder(Attempt)
_round = msgspec.json.Decoder(Round)


class Rounds:
    """The part of the store that knows rounds."""

    _db: Database

    def put_round(self, done: Round, attempts: Sequence[Attempt] = ()) -> None:
        """Record a round, or anew what came of it, with what was sampled; all of it or nothing."""
        with self._db.write() as db:
            db.execute(
                "INSERT INTO rounds (run, number, result) VALUES (?1, ?2, ?3) "
                "ON CONFLICT DO UPDATE SET result = ?3",
                (done.run, done.number, encode(done)),
            )
            db.executemany(
                "INSERT OR REPLACE INTO attempts (run, round, problem, sample, hash, outcome, "
                "told) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (done.run, done.number, a.problem, a.sample, a.hash, a.outcome, encode(a))
                    for a in attempts
                ],
            )

    def rounds(self, run_id: str) -> tuple[Round, ...]:
        """The rounds of a run in order; none for an unknown run."""
        with self._db.read() as db:
            rows = db.execute(
                "SELECT result FROM rounds WHERE run = ? ORDER BY number", (run_id,)
            ).fetchall()
        return tuple(_round.decode(row[0]) for row in rows)

    def kept(self, run_id: str, last: int | None = None) -> tuple[Attempt, ...]:
        """What the rounds of a run up to the `last` (None: all) keep to learn from, in the order
        in which it was found."""
        if last is None:
            return self._attempts(run_id, "outcome = ?", KEPT)
        return self._attempts(run_id, "outcome = ? AND round <= ?", KEPT, last)

    def attempts(self, run_id: str, number: int) -> tuple[Attempt, ...]:
        """Everything that was sampled in a round."""
        return self._attempts(run_id, "round = ?", number)

    def drop_problems(self, beginning: str, keep: Collection[str]) -> int:
        """Erase what was sampled for problems whose ids begin so and are none of these; how many
        answers that were."""
        with self._db.write() as db:
            return db.execute(
                "DELETE FROM attempts WHERE substr(problem, 1, ?1) = ?2 "
                "AND problem NOT IN (SELECT value FROM json_each(?3))",
                (len(beginning), beginning, encode(list(keep))),
            ).rowcount

    def _attempts(self, run_id: str, rule: str, *values: str | int) -> tuple[Attempt, ...]:
        with self._db.read() as db:
            rows = db.execute(
                f"SELECT told FROM attempts WHERE run = ? AND {rule} "
                "ORDER BY round, problem, sample",
                (run_id, *values),
            ).fetchall()
        return tuple(_attempt.decode(row[0]) for row in rows)
