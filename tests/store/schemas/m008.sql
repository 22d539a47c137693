-- What the eighth shipped schema added, with rows of every kind; runs after m007.sql.
-- Never changed: later migrations start from it.

ALTER TABLE adapters ADD COLUMN name TEXT;

CREATE UNIQUE INDEX adapters_by_name ON adapters (lower(name))
        WHERE name IS NOT NULL;

PRAGMA user_version=8;

INSERT INTO adapters (id, base, base_bytes, file, sha256, run, created, name) VALUES
    ('01K00000000000000000000A02', 'aaaa', 98765, '/adapters/2.gguf', 'cccc', NULL,
     1764000600.0, 'Pirate');
