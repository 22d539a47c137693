-- What the third shipped schema added, with rows of every kind; runs after m002.sql.
-- Never changed: later migrations start from it.

CREATE TABLE consents (
        tool TEXT NOT NULL,
        conversation TEXT NOT NULL,
        code TEXT NOT NULL,
        allowed INTEGER NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (tool, conversation)
    ) STRICT, WITHOUT ROWID;

CREATE TRIGGER consents_end AFTER DELETE ON conversations BEGIN
        DELETE FROM consents WHERE conversation = old.id;
    END;

PRAGMA user_version=3;

INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text) VALUES
    ('01K00000000000000000000M06', '01K00000000000000000000C01', '01K00000000000000000000M01', 2,
     'assistant', 'done', 1764000006.0, 1, '', '', '', NULL, NULL, NULL,
     '[{"type":"text","text":"Let me see."},{"type":"tool_call","id":"call00001","name":"search_notes","arguments":{"query":"Paris"}}]',
     'Let me see.'),
    ('01K00000000000000000000M07', '01K00000000000000000000C01', '01K00000000000000000000M06', 3,
     'tool', 'done', 1764000007.0, 1, '', '', '', NULL, NULL, NULL,
     '[{"type":"tool_result","call_id":"call00001","text":"Paris.","ok":true,"seconds":0.25,"untrusted":true}]',
     '');
INSERT INTO consents (tool, conversation, code, allowed, created) VALUES
    ('search_web', '', 'cccc', 1, 1764000800.0),
    ('search_web', '01K00000000000000000000C01', 'dddd', 1, 1764000900.0),
    ('send', '', 'eeee', 0, 1764001000.0);
