"""The filters of a search as SQL conditions on a message `m`."""

from __future__ import annotations

from collections.abc import Iterable

from localai.store.query import Filter

# Names are matched by any part of them, so that an unfinished one finds something.
_CALLS = """EXISTS (SELECT 1 FROM json_each({0}.parts) p WHERE p.value ->> '$.type' = 'tool_call'
    AND instr(lower(p.value ->> '$.name'), ?))"""
_PARENT_CALLS = f"""EXISTS (SELECT 1 FROM messages a WHERE a.id = {{0}}.parent
    AND {_CALLS.format("a")})"""

_CONDITIONS = {
    "role": "m.role = ?",
    "before": "m.created < ?",
    "after": "m.created >= ?",
    "model": "ifnull(instr(lower(m.origin ->> '$.model'), ?), 0) > 0",
    # The call itself, its result, and the answer that was made from the result.
    "tool": f"""CASE m.role WHEN 'tool' THEN {_PARENT_CALLS.format("m")}
        WHEN 'assistant' THEN m.parts IS NOT NULL AND {_CALLS.format("m")} OR EXISTS (
            SELECT 1 FROM messages r WHERE r.id = m.parent AND r.role = 'tool'
            AND {_PARENT_CALLS.format("r")})
        ELSE 0 END""",
}
_HAS = {
    # Both the answer that was corrected and the text that took its place.
    "correction": """{number} IN (SELECT number FROM messages WHERE id IN (
        SELECT chosen FROM corrections WHERE state = 'accepted'
        UNION ALL SELECT rejected FROM corrections WHERE state = 'accepted'))""",
    "code": "instr(m.text, '```') > 0",
}


def conditions(filters: Iterable[Filter], number: str) -> tuple[str, tuple[str | float, ...]]:
    """SQL that begins with AND for each filter, and the values for its question marks.

    `number` is the SQL for the message's number.
    """
    sql, values = "", list[str | float]()
    for each in filters:
        if each.name == "has":
            condition = _HAS[str(each.value)].format(number=number)
        else:
            condition = _CONDITIONS[each.name]
            values += [each.value] * condition.count("?")
        sql += f" AND {'NOT ' if each.unwanted else ''}({condition})"
    return sql, tuple(values)
