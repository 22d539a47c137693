"""The filters of a search in SQL: as conditions on a message `m`, and where to look at all.

A filter that few messages fit becomes a list of their numbers, which a match is held against
before its message is read. Days are told from the blocks that numbers come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from localai.store.driver import sqlite
from localai.store.m007_search import BLOCK, CODE, DAY, MODEL
from localai.store.query import Filter

FEW = 50_000
"""Of fewer messages than so many a list is made."""

Stretch = tuple[int, int]
ALL: Stretch = (0, (1 << 63) - 1)

# Names are matched by any part of them, so that an unfinished one finds something. There are
# many answers and few models: from each name the index leads to the next one.
_MODELS = f"""WITH RECURSIVE models (model) AS (
    SELECT min({MODEL}) FROM messages WHERE origin IS NOT NULL UNION ALL
    SELECT (SELECT min({MODEL}) FROM messages WHERE origin IS NOT NULL AND {MODEL} > model)
    FROM models WHERE model IS NOT NULL
) SELECT model FROM models WHERE instr(model, ?)"""
_OF_ROLE = "SELECT number FROM messages WHERE role IN ('system', 'tool') AND role = ?"
_NUMBERS = {
    "role:system": _OF_ROLE,
    "role:tool": _OF_ROLE,
    "model": f"SELECT number FROM messages WHERE origin IS NOT NULL AND {MODEL} IN ({_MODELS})",
    "tool": "SELECT number FROM message_tools WHERE instr(tool, ?)",
    # Both the answer that was corrected and the text that took its place.
    "has:correction": """SELECT number FROM messages WHERE id IN (
        SELECT chosen FROM corrections WHERE state = 'accepted'
        UNION ALL SELECT rejected FROM corrections WHERE state = 'accepted')""",
    "has:code": f"SELECT number FROM messages WHERE {CODE}",
}
_CONDITIONS = {
    "role": "m.role = ?",
    "before": "m.created < ?",
    "after": "m.created >= ?",
    "model": f"ifnull(instr({MODEL}, ?), 0) > 0",
    # The call itself, its result, and the answer that was made from the result.
    "tool": """EXISTS (SELECT 1 FROM message_tools t
        WHERE t.number = {number} AND instr(t.tool, ?))""",
    "has:correction": f"{{number}} IN ({_NUMBERS['has:correction']})",
    "has:code": "instr(m.text, '```') > 0",
}


def conditions(
    db: sqlite.Connection, filters: Iterable[Filter], number: str
) -> tuple[str, tuple[str | float, ...]]:
    """SQL that begins with AND for each filter, and the values for its question marks.

    `number` is the SQL for the message's number.
    """
    sql, values = "", list[str | float]()
    for each in filters:
        condition = _listed(db, each)
        if condition is None:
            condition = _CONDITIONS.get(each.name) or _CONDITIONS[f"{each.name}:{each.value}"]
        condition = condition.format(number=number)
        values += [each.value] * condition.count("?")
        sql += f" AND {'NOT ' if each.unwanted else ''}({condition})"
    return sql, tuple(values)


def stretches(db: sqlite.Connection, filters: Sequence[Filter]) -> list[Stretch]:
    """The first and the last number of each stretch in which messages may be of the days that
    are asked for, the newest stretch first."""
    sides, values = list[str](), list[str | float]()
    for each in filters:
        if each.name in ("before", "after"):
            before = (each.name == "before") is not each.unwanted
            sides.append(f"{'first <=' if before else 'last >='} {DAY.format('?')}")
            values.append(each.value)
    if not sides:
        return [ALL]
    found: list[Stretch] = []
    query = f"SELECT block FROM message_days WHERE {' AND '.join(sides)} ORDER BY block DESC"
    for (block,) in db.execute(query, values):
        first, last = block * BLOCK, (block + 1) * BLOCK - 1
        if found and found[-1][0] == last + 1:
            last = found.pop()[1]
        found.append((first, last))
    return found


def _listed(db: sqlite.Connection, asked: Filter) -> str | None:
    """The condition as a list of numbers; None where that would be long."""
    numbers = _NUMBERS.get(asked.name) or _NUMBERS.get(f"{asked.name}:{asked.value}")
    if numbers is None:
        return None
    count = f"SELECT count(*) FROM ({numbers} LIMIT {FEW})"
    (found,) = db.execute(count, (asked.value,) * count.count("?")).fetchone()
    return f"{{number}} IN ({numbers})" if found < FEW else None
