-- What the tenth shipped schema added, with rows of every kind; runs after m009.sql.
-- Never changed: later migrations start from it.

CREATE TABLE evals (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        state TEXT NOT NULL,
        writer TEXT NOT NULL,
        task TEXT NOT NULL,
        pool TEXT NOT NULL,
        style TEXT NOT NULL,
        manner TEXT NOT NULL,
        wanted INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        model TEXT NOT NULL,
        base TEXT NOT NULL,
        adapter TEXT NOT NULL,
        name TEXT NOT NULL,
        command TEXT NOT NULL,
        against TEXT NOT NULL,
        summary TEXT
    ) STRICT;

CREATE TABLE eval_items (
        run TEXT NOT NULL REFERENCES evals (id) ON DELETE CASCADE,
        item TEXT NOT NULL,
        asked TEXT NOT NULL,
        answers TEXT NOT NULL,
        scores TEXT NOT NULL,
        PRIMARY KEY (run, item)
    ) STRICT;

PRAGMA user_version=10;

INSERT INTO evals (id, created, updated, state, writer, task, pool, style, manner, wanted, seed,
    model, base, adapter, name, command, against, summary) VALUES
    ('01K00000000000000000000V01', 1764000900.0, 1764000960.0, 'done', '', 'capitals', 'dev',
     'direct', '{"samples":1}', 2, 0, 'smollm2', 'aaaa', '', '', '01K00000000000000000000V01', '',
     '{"items":2}'),
    ('01K00000000000000000000V02', 1764000970.0, 1764000980.0, 'running', '1:gone', 'capitals',
     'dev', 'direct', '{"samples":1}', 2, 0, 'smollm2', 'aaaa', 'bbbb', 'tuned-1',
     '01K00000000000000000000V01', '01K00000000000000000000V01', NULL);

INSERT INTO eval_items (run, item, asked, answers, scores) VALUES
    ('01K00000000000000000000V01', 'france', '{"question":"Capital?","answers":["Paris"]}',
     '[{"text":"Paris.","tokens":2}]', '{"right":1.0}'),
    ('01K00000000000000000000V01', 'peru', '{"question":"And of Peru?","answers":["Lima"]}',
     '[{"text":"Quito.","tokens":2}]', '{"right":0.0,"nats":null}');
