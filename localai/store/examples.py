"""What may be learned from: corrections, answers marked good or bad, dialogues written for it
or brought along. Listed, looked up, accepted and rejected; how they come to be is elsewhere.

A correction has its state in its own table and is one of these all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localai.errors import StoreError
from localai.store import corrections, views
from localai.store.connection import Database
from localai.store.driver import sqlite
from localai.store.records import record
from localai.store.tuning import ExampleState, Source, StoredExample, Tally

# One that was brought along untrusted is known by its message, of which nothing is learned.
_ALL = """(
    SELECT r.id, 'correction' AS source, '' AS name, CASE WHEN r.state = 'accepted'
        THEN 'accepted' WHEN m.learn THEN 'rejected' ELSE 'pending' END AS state,
        r.reason, r.chosen AS leaf, r.rejected, 0 AS whole, r.created, m.conversation
    FROM corrections r JOIN messages m ON m.id = r.chosen WHERE r.state <> 'replaced'
    UNION ALL
    SELECT x.id, x.source, x.name, x.state, '', x.leaf, '', x.whole, x.created, m.conversation
    FROM examples x JOIN messages m ON m.id = x.leaf WHERE x.state <> 'retired'
)"""
# As long as a fork shows an answer it is learned from, whatever became of where it was written.
_SEEN = f"""JOIN messages m ON m.id = e.leaf JOIN conversations c ON c.id = e.conversation
    WHERE {views.IN_SIGHT}"""
# Over an answer from results are these, over them calls, and over those the question.
_SELECT = f"""SELECT e.id, e.source, e.name, e.state, e.reason, e.leaf, e.rejected, e.whole <> 0,
    e.created, e.conversation,
    ifnull(CASE WHEN q.role = 'tool' THEN ({views.asked("q.id", "text")}) ELSE q.text END, ''),
    m.text
FROM (SELECT e.* FROM {_ALL} e {_SEEN}{{where}}
    ORDER BY e.created DESC, e.id DESC LIMIT ? OFFSET ?) e
JOIN messages m ON m.id = e.leaf LEFT JOIN messages q ON q.id = m.parent
ORDER BY e.created DESC, e.id DESC"""
_ANY_NUMBER = -1


class Examples:
    """The part of the store that knows what may be learned from."""

    _db: Database

    def examples(
        self,
        *,
        state: ExampleState | None = None,
        source: Source | None = None,
        name: str | None = None,
        limit: int = _ANY_NUMBER,
        offset: int = 0,
    ) -> tuple[StoredExample, ...]:
        """Examples of this state, source and data set (None: any), the newest first, without
        those that only deleted conversations have and corrections that were edited again."""
        wanted = {"state": state, "source": source, "name": name}
        given = {column: value for column, value in wanted.items() if value is not None}
        where = "".join(f" AND e.{column} = ?" for column in given)
        with self._db.read() as db:
            return _examples(db, where, (*given.values(), limit, offset))

    def accepted_sets(self) -> dict[str, str]:
        """The data sets of all accepted examples, by id; for what looks often, among many."""
        with self._db.read() as db:
            query = f"SELECT e.id, e.name FROM {_ALL} e {_SEEN} AND e.state = 'accepted'"
            return dict(db.execute(query).fetchall())

    def example(self, id_or_part: str) -> StoredExample:
        """The example with this id, or whose id alone begins or ends so. Raises StoreError
        when there is none or more than one."""
        part = id_or_part.strip().upper()
        where = " AND (substr(e.id, 1, length(?1)) = ?1 OR substr(e.id, -length(?1)) = ?1)"
        with self._db.read() as db:
            found = _examples(db, where, (part, 2, 0)) if part else ()
        if not found:
            raise StoreError(f"There is no example {id_or_part!r}; `localai data list` shows them.")
        if len(found) > 1:
            raise StoreError(
                f"More than one example has an id that begins or ends with {id_or_part!r}; "
                "give more of it."
            )
        return found[0]

    def example_tallies(self) -> tuple[Tally, ...]:
        """How many examples there are of each data set, source and state."""
        with self._db.read() as db:
            rows = db.execute(
                f"SELECT e.name, e.source, e.state, count(*) FROM {_ALL} e {_SEEN} "
                "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            ).fetchall()
        return tuple(record(Tally, row) for row in rows)

    def judge_example(self, example_id: str, state: ExampleState) -> StoredExample:
        """Accept an example, reject it, or let it wait; conversations stay as they are.

        Raises StoreError when it is gone, was marked bad, or another correction of the same
        answer is in force.
        """
        with self._db.write() as db:
            found = _one(db, example_id)
            if state == "accepted" and found.source == "bad":
                raise StoreError(
                    "The answer is marked bad; correct it to have something to learn from."
                )
            if found.source == "correction":
                _judge_correction(db, found, state)
            else:
                db.execute("UPDATE examples SET state = ? WHERE id = ?", (state, found.id))
            return _one(db, example_id)

    def judge_set(self, name: str, state: ExampleState) -> int:
        """Decide all examples of a named data set; how many that changed."""
        with self._db.write() as db:
            done = db.execute(
                "UPDATE examples SET state = ? "
                "WHERE name = ? AND name <> '' AND state NOT IN (?, 'retired')",
                (state, name, state),
            )
            return done.rowcount

    def accept_pending(self, name: str) -> tuple[str, ...]:
        """Accept what waits in a named data set; the ids of those examples."""
        with self._db.write() as db:
            rows = db.execute(
                "UPDATE examples SET state = 'accepted' "
                "WHERE name = ? AND name <> '' AND state = 'pending' RETURNING id",
                (name,),
            ).fetchall()
        return tuple(id_ for (id_,) in rows)

    def let_wait(self, ids: Sequence[str]) -> None:
        """Let examples wait again that were accepted together."""
        with self._db.write() as db:
            db.execute(
                "UPDATE examples SET state = 'pending' "
                "WHERE name <> '' AND state <> 'retired' "
                "AND id IN (SELECT value FROM json_each(?))",
                (msgspec.json.encode(ids).decode(),),
            )


def _examples(
    db: sqlite.Connection, where: str, values: tuple[object, ...]
) -> tuple[StoredExample, ...]:
    rows = db.execute(_SELECT.format(where=where), values).fetchall()
    return tuple(record(StoredExample, (*row[:7], bool(row[7]), *row[8:])) for row in rows)


def _one(db: sqlite.Connection, example_id: str) -> StoredExample:
    found = _examples(db, " AND e.id = ?", (example_id, 1, 0))
    if not found:
        raise StoreError("The example is not there any more; list them again: localai data list")
    return found[0]


def _judge_correction(db: sqlite.Connection, found: StoredExample, state: ExampleState) -> None:
    other = db.execute(
        "SELECT 1 FROM corrections WHERE rejected = ? AND state = 'accepted' AND id <> ?",
        (found.rejected, found.id),
    ).fetchone()
    if state == "accepted" and other:
        raise StoreError(
            "Another correction of the same answer is in force; reject that one first."
        )
    db.execute(
        "UPDATE corrections SET state = ? WHERE id = ?",
        ("accepted" if state == "accepted" else "withdrawn", found.id),
    )
    if state == "accepted":
        db.execute(corrections.UNMARK, (found.rejected,))
    db.execute("UPDATE messages SET learn = ? WHERE id = ?", (state != "pending", found.leaf))
