-- A database as the first shipped schema made it, with rows of every kind. Never changed:
-- later migrations start from it.

CREATE TABLE conversations (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        system TEXT NOT NULL,
        leaf TEXT REFERENCES messages (id) DEFERRABLE INITIALLY DEFERRED,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        deleted REAL
    ) STRICT;

CREATE INDEX conversations_by_time ON conversations (updated);

CREATE TABLE messages (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        conversation TEXT NOT NULL REFERENCES conversations (id),
        parent TEXT REFERENCES messages (id),
        depth INTEGER NOT NULL,
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        created REAL NOT NULL,
        learn INTEGER NOT NULL,
        writer TEXT NOT NULL,
        error TEXT NOT NULL,
        vocab TEXT NOT NULL,
        origin TEXT,
        completion TEXT,
        ids BLOB,
        parts TEXT,
        text TEXT NOT NULL
    ) STRICT;

CREATE INDEX messages_by_parent ON messages (parent, role, id);

CREATE INDEX messages_by_conversation ON messages (conversation, parent);

CREATE INDEX messages_streaming ON messages (id) WHERE status = 'streaming';

CREATE TABLE prompts (
        message TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        base TEXT REFERENCES prompts (message) ON DELETE CASCADE,
        keep INTEGER NOT NULL,
        links INTEGER NOT NULL,
        tail BLOB NOT NULL
    ) STRICT;

CREATE INDEX prompts_by_base ON prompts (base);

CREATE VIEW final_messages AS SELECT number, text FROM messages WHERE status <> 'streaming';

CREATE VIRTUAL TABLE message_text USING fts5 (
        text, content='final_messages', content_rowid='number',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3'
    );

CREATE VIRTUAL TABLE conversation_title USING fts5 (
        title, content='conversations', content_rowid='number',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3'
    );

CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.status <> 'streaming'
    BEGIN
        INSERT INTO message_text (rowid, text) VALUES (new.number, new.text);
    END;

CREATE TRIGGER message_ended AFTER UPDATE OF status ON messages
    WHEN old.status = 'streaming' AND new.status <> 'streaming'
    BEGIN
        INSERT INTO message_text (rowid, text) VALUES (new.number, new.text);
    END;

CREATE TRIGGER message_changed AFTER UPDATE OF text ON messages
    WHEN old.status <> 'streaming' AND new.text <> old.text
    BEGIN
        INSERT INTO message_text (message_text, rowid, text)
        VALUES ('delete', old.number, old.text);
        INSERT INTO message_text (rowid, text) VALUES (new.number, new.text);
    END;

CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.status <> 'streaming'
    BEGIN
        INSERT INTO message_text (message_text, rowid, text)
        VALUES ('delete', old.number, old.text);
    END;

CREATE TRIGGER title_added AFTER INSERT ON conversations
    BEGIN
        INSERT INTO conversation_title (rowid, title) VALUES (new.number, new.title);
    END;

CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations
    BEGIN
        INSERT INTO conversation_title (conversation_title, rowid, title)
        VALUES ('delete', old.number, old.title);
        INSERT INTO conversation_title (rowid, title) VALUES (new.number, new.title);
    END;

CREATE TRIGGER title_removed AFTER DELETE ON conversations
    BEGIN
        INSERT INTO conversation_title (conversation_title, rowid, title)
        VALUES ('delete', old.number, old.title);
    END;

PRAGMA application_id=1819239265;
PRAGMA user_version=1;
INSERT INTO conversations (id, title, system, leaf, created, updated, deleted) VALUES
    ('01K00000000000000000000C01', 'Capitals', 'Be brief.', NULL, 1764000000.0, 1764000060.0, NULL),
    ('01K00000000000000000000C02', 'Gone', '', NULL, 1764000100.0, 1764000100.0, 1764000200.0);
INSERT INTO messages (id, conversation, parent, depth, role, status, created, learn, writer,
    error, vocab, origin, completion, ids, parts, text) VALUES
    ('01K00000000000000000000M01', '01K00000000000000000000C01', NULL, 1, 'user', 'done',
     1764000001.0, 1, '', '', '', NULL, NULL, NULL, NULL, 'What is the capital of France?'),
    ('01K00000000000000000000M02', '01K00000000000000000000C01', '01K00000000000000000000M01', 2,
     'assistant', 'done', 1764000002.0, 1, '', '', 'abc',
     '{"model":"smollm2","model_path":"","adapter":"","vocab":"abc","sampling":{"seed":7},"style":"direct","prompt":[],"dropped":0}',
     '{"finish_reason":"stop","prompt_tokens":3,"cached_tokens":0,"generated_tokens":2,"reasoning_tokens":0,"timings":{"prompt_ms":1.0,"first_token_ms":2.0,"generate_ms":3.0},"ids":[],"vocab":""}',
     x'0400000005000000', '[{"type":"reasoning","text":"Easy."},{"type":"text","text":"Paris."}]', 'Paris.'),
    ('01K00000000000000000000M03', '01K00000000000000000000C01', '01K00000000000000000000M01', 2,
     'assistant', 'streaming', 1764000003.0, 1, '1:gone', '', '',
     '{"model":"smollm2","model_path":"","adapter":"","vocab":"abc","sampling":{},"style":"direct","prompt":[],"dropped":0}',
     NULL, NULL, NULL, 'It is Pa');
INSERT INTO prompts (message, base, keep, links, tail) VALUES
    ('01K00000000000000000000M02', NULL, 0, 0, x'010000000200000003000000');
UPDATE conversations SET leaf = '01K00000000000000000000M03' WHERE title = 'Capitals';
