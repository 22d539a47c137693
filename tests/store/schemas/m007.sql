-- What the seventh shipped schema added, with rows of every kind; runs after m006.sql.
-- Never changed: later migrations start from it.

CREATE TABLE message_days (
        block INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL
    ) STRICT;

CREATE TABLE message_tools (
        number INTEGER NOT NULL,
        tool TEXT NOT NULL,
        calls INTEGER NOT NULL,
        PRIMARY KEY (number, tool, calls)
    ) STRICT, WITHOUT ROWID;

CREATE TRIGGER message_days_added AFTER INSERT ON messages WHEN NOT EXISTS (SELECT 1 FROM message_days
    WHERE block = new.number / 1024 AND CAST(new.created / 86400 AS INTEGER) BETWEEN first AND last)
    BEGIN
        INSERT INTO message_days VALUES (new.number / 1024, CAST(new.created / 86400 AS INTEGER), CAST(new.created / 86400 AS INTEGER))
    ON CONFLICT (block) DO UPDATE
    SET first = min(first, excluded.first), last = max(last, excluded.last);
    END;

CREATE TRIGGER message_days_changed AFTER UPDATE OF created ON messages WHEN NOT EXISTS (SELECT 1 FROM message_days
    WHERE block = new.number / 1024 AND CAST(new.created / 86400 AS INTEGER) BETWEEN first AND last)
    BEGIN
        INSERT INTO message_days VALUES (new.number / 1024, CAST(new.created / 86400 AS INTEGER), CAST(new.created / 86400 AS INTEGER))
    ON CONFLICT (block) DO UPDATE
    SET first = min(first, excluded.first), last = max(last, excluded.last);
    END;

CREATE TRIGGER message_tools_added AFTER INSERT ON messages
    WHEN new.role = 'tool' OR new.role = 'assistant' AND (
        instr(new.parts, '"tool_call"')
        OR EXISTS (SELECT 1 FROM messages WHERE id = new.parent AND role = 'tool'))
    BEGIN
        INSERT OR IGNORE INTO message_tools
    SELECT m.number, lower(p.value ->> '$.name'), 1
    FROM messages m JOIN json_each(CASE WHEN json_valid(m.parts) THEN m.parts END) p
    WHERE m.role = 'assistant' AND p.value ->> '$.type' = 'tool_call' AND m.number = new.number;
        INSERT OR IGNORE INTO message_tools
    SELECT m.number, t.tool, 0 FROM messages m JOIN messages p ON p.id = m.parent
    JOIN message_tools t ON t.number = p.number AND t.calls WHERE m.role = 'tool' AND m.number = new.number;
        INSERT OR IGNORE INTO message_tools
    SELECT m.number, t.tool, 0 FROM messages m JOIN messages p ON p.id = m.parent
    JOIN message_tools t ON t.number = p.number WHERE m.role = 'assistant' AND p.role = 'tool' AND m.number = new.number;
    END;

CREATE TRIGGER message_tools_changed AFTER UPDATE OF parts ON messages
    WHEN instr(old.parts, '"tool_call"') OR instr(new.parts, '"tool_call"')
    BEGIN
        DELETE FROM message_tools WHERE number = new.number AND calls;
        INSERT OR IGNORE INTO message_tools
    SELECT m.number, lower(p.value ->> '$.name'), 1
    FROM messages m JOIN json_each(CASE WHEN json_valid(m.parts) THEN m.parts END) p
    WHERE m.role = 'assistant' AND p.value ->> '$.type' = 'tool_call' AND m.number = new.number;
    END;

CREATE TRIGGER message_tools_removed AFTER DELETE ON messages
    BEGIN
        DELETE FROM message_tools WHERE number = old.number;
    END;

CREATE INDEX messages_by_model ON messages (lower(CASE WHEN json_valid(origin) THEN origin ->> '$.model' END)) WHERE origin IS NOT NULL;

CREATE INDEX messages_of_tools ON messages (role) WHERE role IN ('system', 'tool');

CREATE INDEX messages_with_code ON messages (learn) WHERE instr(text, '```') > 0;

PRAGMA user_version=7;

INSERT INTO message_days VALUES (0, 19675, 20416);
INSERT INTO message_tools VALUES (6, 'search_notes', 1), (7, 'search_notes', 0);

INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text) VALUES
    ('01K00000000000000000000M12', '01K00000000000000000000C01', '01K00000000000000000000M07', 4,
     'assistant', 'done', 1764300000.0, 1, '', '', '', '{"model":"Tiny"}', NULL, NULL, NULL,
     'It is in your notes: ```Paris```');
