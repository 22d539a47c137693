-- What the eleventh shipped schema added, with rows of every kind; runs after m010.sql.
-- Never changed: later migrations start from it.

CREATE TABLE preferences (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        question TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        left_answer TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        right_answer TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        left_by TEXT NOT NULL,
        right_by TEXT NOT NULL,
        vote TEXT NOT NULL,
        blind INTEGER NOT NULL,
        created REAL NOT NULL
    ) STRICT;
CREATE INDEX preferences_by_question ON preferences (question);
CREATE INDEX preferences_by_left ON preferences (left_answer);
CREATE INDEX preferences_by_right ON preferences (right_answer);

PRAGMA user_version=11;

INSERT INTO preferences (id, question, left_answer, right_answer, kind, left_by, right_by, vote,
    blind, created) VALUES
    ('01K00000000000000000000P01', '01K00000000000000000000M01', '01K00000000000000000000M02',
     '01K00000000000000000000M05', 'styles', 'direct', 'steps', 'right', 0, 1764000700.0),
    ('01K00000000000000000000P02', '01K00000000000000000000M01', '01K00000000000000000000M02',
     '01K00000000000000000000M05', 'adapters', 'base', '01K00000000000000000000A02', 'equal', 1,
     1764000701.0);
