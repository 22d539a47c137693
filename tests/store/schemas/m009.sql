-- What the ninth shipped schema added, with rows of every kind; runs after m008.sql.
-- Never changed: later migrations start from it.

CREATE TABLE rewrites (
        question TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        kept TEXT NOT NULL,
        dropped TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

PRAGMA user_version=9;

INSERT INTO rewrites (question, kept, dropped) VALUES
    ('01K00000000000000000000M01', '["Which city is France''s capital?"]',
     '["What is France?"]');
