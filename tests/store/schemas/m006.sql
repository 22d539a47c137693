-- What the sixth shipped schema added, with rows of every kind; runs after m005.sql.
-- Never changed: later migrations start from it.

ALTER TABLE conversations ADD COLUMN fork TEXT REFERENCES messages (id)
        DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX conversations_by_fork ON conversations (fork) WHERE fork IS NOT NULL;

PRAGMA user_version=6;

INSERT INTO conversations (id, title, system, leaf, created, updated, fork) VALUES
    ('01K00000000000000000000C05', 'Brought along (2)', '', NULL, 1764000600.0, 1764000600.0,
     '01K00000000000000000000M08');
INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text) VALUES
    ('01K00000000000000000000M11', '01K00000000000000000000C05', '01K00000000000000000000M08', 2,
     'user', 'done', 1764000601.0, 1, '', '', '', NULL, NULL, NULL, NULL, 'And old?');
UPDATE conversations SET leaf = '01K00000000000000000000M11'
    WHERE id = '01K00000000000000000000C05';
