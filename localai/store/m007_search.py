"""Schema step 7: what a search with a filter that few messages fit begins with.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

BLOCK = 1024
"""Message numbers in a row of `message_days`."""
DAY = "CAST({} / 86400 AS INTEGER)"
"""The day of a Unix time, in SQL."""
CODE = "instr(text, '```') > 0"
# What is damaged must not keep the database from being opened.
MODEL = "lower(CASE WHEN json_valid(origin) THEN origin ->> '$.model' END)"

_NEW_DAY = DAY.format("new.created")
_SPAN = f"""INSERT INTO message_days VALUES (new.number / {BLOCK}, {_NEW_DAY}, {_NEW_DAY})
    ON CONFLICT (block) DO UPDATE
    SET first = min(first, excluded.first), last = max(last, excluded.last)"""
_OUTSIDE = f"""NOT EXISTS (SELECT 1 FROM message_days
    WHERE block = new.number / {BLOCK} AND {_NEW_DAY} BETWEEN first AND last)"""

# The call itself, its result, and the answer that was made from the result.
_CALLS = """INSERT OR IGNORE INTO message_tools
    SELECT m.number, lower(p.value ->> '$.name'), 1
    FROM messages m JOIN json_each(CASE WHEN json_valid(m.parts) THEN m.parts END) p
    WHERE m.role = 'assistant' AND p.value ->> '$.type' = 'tool_call'"""
_RESULTS = """INSERT OR IGNORE INTO message_tools
    SELECT m.number, t.tool, 0 FROM messages m JOIN messages p ON p.id = m.parent
    JOIN message_tools t ON t.number = p.number AND t.calls WHERE m.role = 'tool'"""
_ANSWERS = """INSERT OR IGNORE INTO message_tools
    SELECT m.number, t.tool, 0 FROM messages m JOIN messages p ON p.id = m.parent
    JOIN message_tools t ON t.number = p.number WHERE m.role = 'assistant' AND p.role = 'tool'"""
_THIS = "AND m.number = new.number"

FILL_DAYS = f"""INSERT INTO message_days
    SELECT number / {BLOCK}, {DAY.format("min(created)")}, {DAY.format("max(created)")}
    FROM messages GROUP BY 1"""
FILL = (FILL_DAYS, _CALLS, _RESULTS, _ANSWERS)
"""What fills both tables from the messages."""

_STATEMENTS = (
    # Of messages with numbers in a row: the first and the last day, counted from 1970, that
    # one of them is or was of. Most messages change nothing here, so they cost little.
    """CREATE TABLE message_days (
        block INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL
    ) STRICT""",
    # The tools, in small letters, that a message has to do with; `calls` where it calls one.
    """CREATE TABLE message_tools (
        number INTEGER NOT NULL,
        tool TEXT NOT NULL,
        calls INTEGER NOT NULL,
        PRIMARY KEY (number, tool, calls)
    ) STRICT, WITHOUT ROWID""",
    *FILL,
    f"""CREATE TRIGGER message_days_added AFTER INSERT ON messages WHEN {_OUTSIDE}
    BEGIN
        {_SPAN};
    END""",
    f"""CREATE TRIGGER message_days_changed AFTER UPDATE OF created ON messages WHEN {_OUTSIDE}
    BEGIN
        {_SPAN};
    END""",
    f"""CREATE TRIGGER message_tools_added AFTER INSERT ON messages
    WHEN new.role = 'tool' OR new.role = 'assistant' AND (
        instr(new.parts, '"tool_call"')
        OR EXISTS (SELECT 1 FROM messages WHERE id = new.parent AND role = 'tool'))
    BEGIN
        {_CALLS} {_THIS};
        {_RESULTS} {_THIS};
        {_ANSWERS} {_THIS};
    END""",
    f"""CREATE TRIGGER message_tools_changed AFTER UPDATE OF parts ON messages
    WHEN instr(old.parts, '"tool_call"') OR instr(new.parts, '"tool_call"')
    BEGIN
        DELETE FROM message_tools WHERE number = new.number AND calls;
        {_CALLS} {_THIS};
    END""",
    """CREATE TRIGGER message_tools_removed AFTER DELETE ON messages
    BEGIN
        DELETE FROM message_tools WHERE number = old.number;
    END""",
    f"CREATE INDEX messages_by_model ON messages ({MODEL}) WHERE origin IS NOT NULL",
    "CREATE INDEX messages_of_tools ON messages (role) WHERE role IN ('system', 'tool')",
    f"CREATE INDEX messages_with_code ON messages (learn) WHERE {CODE}",
)


def m007_search(db: Database) -> None:
    """Days, tools, models and code of messages, for searching."""
    for statement in _STATEMENTS:
        db.execute(statement)
