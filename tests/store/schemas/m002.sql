-- What the second shipped schema added, with rows of every kind; runs after m001.sql.
-- Never changed: later migrations start from it.

CREATE TABLE corrections (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        rejected TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        chosen TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
        state TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT;

CREATE INDEX corrections_by_rejected ON corrections (rejected);

CREATE UNIQUE INDEX corrections_in_force ON corrections (rejected)
        WHERE state = 'accepted';

CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        model TEXT NOT NULL,
        base TEXT NOT NULL,
        state TEXT NOT NULL,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        writer TEXT NOT NULL,
        plan TEXT NOT NULL,
        progress TEXT NOT NULL,
        verdict TEXT,
        error TEXT NOT NULL,
        adapter TEXT REFERENCES adapters (id)
    ) STRICT;

CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        name TEXT NOT NULL,
        value REAL,
        PRIMARY KEY (run, step, name)
    ) STRICT, WITHOUT ROWID;

CREATE TABLE adapters (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        base TEXT NOT NULL,
        base_bytes INTEGER NOT NULL,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        run TEXT REFERENCES runs (id),
        created REAL NOT NULL
    ) STRICT;

CREATE TABLE activations (
        number INTEGER PRIMARY KEY,
        base TEXT NOT NULL,
        adapter TEXT REFERENCES adapters (id),
        reason TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT;

CREATE INDEX activations_by_base ON activations (base, number);

CREATE TABLE file_hashes (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

PRAGMA user_version=2;
INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text) VALUES
    ('01K00000000000000000000M04', '01K00000000000000000000C01', '01K00000000000000000000M01', 2,
     'assistant', 'done', 1764000004.0, 1, '', '', '', NULL, NULL, NULL, NULL, 'It is Paris.'),
    ('01K00000000000000000000M05', '01K00000000000000000000C01', '01K00000000000000000000M01', 2,
     'assistant', 'done', 1764000005.0, 1, '', '', '', NULL, NULL, NULL, NULL, 'Paris, on the Seine.');
UPDATE conversations SET leaf = '01K00000000000000000000M05' WHERE title = 'Capitals';
INSERT INTO corrections (id, rejected, chosen, state, created) VALUES
    ('01K00000000000000000000K01', '01K00000000000000000000M02', '01K00000000000000000000M04',
     'replaced', 1764000004.0),
    ('01K00000000000000000000K02', '01K00000000000000000000M02', '01K00000000000000000000M05',
     'accepted', 1764000005.0);
INSERT INTO runs (id, model, base, state, created, updated, writer, plan, progress, verdict, error,
    adapter) VALUES
    ('01K00000000000000000000R01', 'smollm2', 'aaaa', 'promoted', 1764000300.0, 1764000400.0, '',
     '{"corrections":["01K00000000000000000000K02"]}',
     '{"stage":"training","done":40,"total":40,"loss":0.5,"tokens_per_second":150.0,"seconds_left":null}',
     '{"right":6}', '', '01K00000000000000000000A01'),
    ('01K00000000000000000000R02', 'smollm2', 'aaaa', 'running', 1764000500.0, 1764000600.0,
     '1:gone', '{}',
     '{"stage":"starting","done":0,"total":0,"loss":null,"tokens_per_second":null,"seconds_left":null}',
     NULL, '', NULL);
INSERT INTO metrics (run, step, name, value) VALUES
    ('01K00000000000000000000R01', 1, 'loss', 2.5), ('01K00000000000000000000R01', 2, 'loss', NULL);
INSERT INTO adapters (id, base, base_bytes, file, sha256, run, created) VALUES
    ('01K00000000000000000000A01', 'aaaa', 98765, '/adapters/1.gguf', 'bbbb',
     '01K00000000000000000000R01', 1764000400.0);
INSERT INTO activations (base, adapter, reason, created) VALUES
    ('aaaa', '01K00000000000000000000A01', 'promoted', 1764000400.0),
    ('aaaa', NULL, 'rollback', 1764000700.0),
    ('aaaa', '01K00000000000000000000A01', 'chosen', 1764000800.0);
INSERT INTO file_hashes (path, size, mtime_ns, sha256) VALUES
    ('/models/m.gguf', 98765, 1764000000000000001, 'aaaa');
