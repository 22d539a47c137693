-- What the fourth shipped schema added, with rows of every kind; runs after m003.sql.
-- Never changed: later migrations start from it.

ALTER TABLE conversations ADD COLUMN source BLOB;
ALTER TABLE messages ADD COLUMN hash BLOB;
CREATE UNIQUE INDEX conversations_by_source ON conversations (source)
        WHERE source IS NOT NULL;

PRAGMA user_version=4;

INSERT INTO conversations (id, title, system, leaf, created, updated, source) VALUES
    ('01K00000000000000000000C03', 'Brought along', '', NULL, 1700000000.0, 1700000100.0,
     x'00112233445566778899aabbccddeeff');
INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text, hash) VALUES
    ('01K00000000000000000000M08', '01K00000000000000000000C03', NULL, 1, 'user', 'done',
     1700000000.0, 0, '', '', '', NULL, NULL, NULL, NULL, 'Is Paris large?',
     x'0123456789abcdef0123456789abcdef');
UPDATE conversations SET leaf = '01K00000000000000000000M08'
    WHERE id = '01K00000000000000000000C03';
