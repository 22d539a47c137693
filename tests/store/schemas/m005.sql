-- What the fifth shipped schema added, with rows of every kind; runs after m004.sql.
-- Never changed: later migrations start from it.

ALTER TABLE corrections ADD COLUMN reason TEXT NOT NULL DEFAULT 'edited';
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat';
CREATE TABLE examples (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        leaf TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        whole INTEGER NOT NULL,
        created REAL NOT NULL,
        UNIQUE (leaf, name)
    ) STRICT;
CREATE INDEX examples_by_name ON examples (name, state);

PRAGMA user_version=5;

INSERT INTO conversations (id, title, system, leaf, created, updated, kind) VALUES
    ('01K00000000000000000000C04', 'Say hello', '', NULL, 1764000010.0, 1764000011.0, 'example');
INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text) VALUES
    ('01K00000000000000000000M09', '01K00000000000000000000C04', NULL, 1, 'user', 'done',
     1764000010.0, 1, '', '', '', NULL, NULL, NULL, NULL, 'Say hello'),
    ('01K00000000000000000000M10', '01K00000000000000000000C04', '01K00000000000000000000M09', 2,
     'assistant', 'done', 1764000011.0, 1, '', '', '', NULL, NULL, NULL, NULL, 'Ahoy!');
UPDATE conversations SET leaf = '01K00000000000000000000M10'
    WHERE id = '01K00000000000000000000C04';
INSERT INTO examples (id, leaf, source, name, state, whole, created) VALUES
    ('01K00000000000000000000X01', '01K00000000000000000000M10', 'written', 'pirate', 'accepted',
     1, 1764000012.0),
    ('01K00000000000000000000X02', '01K00000000000000000000M02', 'bad', '', 'rejected', 0,
     1764000013.0);
