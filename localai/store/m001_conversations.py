"""Schema step 1: conversations, trees of messages, the prompts of answers, full-text search.

Shipped: it never changes, because databases in the wild were made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    # `number` is a row's identity inside this file alone: the full-text indexes need one
    # that outlives VACUUM. Ids are ULIDs.
    """CREATE TABLE conversations (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        system TEXT NOT NULL,
        leaf TEXT REFERENCES messages (id) DEFERRABLE INITIALLY DEFERRED,
        created REAL NOT NULL,
        updated REAL NOT NULL,
        deleted REAL
    ) STRICT""",
    "CREATE INDEX conversations_by_time ON conversations (updated)",
    # `depth` is 1 at the root; `parts` is NULL when the text is all there is.
    """CREATE TABLE messages (
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
    ) STRICT""",
    "CREATE INDEX messages_by_parent ON messages (parent, role, id)",
    "CREATE INDEX messages_by_conversation ON messages (conversation, parent)",
    "CREATE INDEX messages_streaming ON messages (id) WHERE status = 'streaming'",
    # The prompt of an answer: the first `keep` ids of `base`'s prompt, then `tail`
    # (int32, little endian). `links` counts the prompts it leans on.
    """CREATE TABLE prompts (
        message TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        base TEXT REFERENCES prompts (message) ON DELETE CASCADE,
        keep INTEGER NOT NULL,
        links INTEGER NOT NULL,
        tail BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX prompts_by_base ON prompts (base)",
    # What is searched: an answer enters the index once, when it is final, not at each flush.
    "CREATE VIEW final_messages AS SELECT number, text FROM messages WHERE status <> 'streaming'",
    """CREATE VIRTUAL TABLE message_text USING fts5 (
        text, content='final_messages', content_rowid='number',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3'
    )""",
    """CREATE VIRTUAL TABLE conversation_title USING fts5 (
        title, content='conversations', content_rowid='number',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3'
    )""",
    """CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.status <> 'streaming'
    BEGIN
        INSERT INTO message_text (rowid, text) VALUES (new.number, new.text);
    END""",
    """CREATE TRIGGER message_ended AFTER UPDATE OF status ON messages
    WHEN old.status = 'streaming' AND new.status <> 'streaming'
    BEGIN
        INSERT INTO message_text (rowid, text) VALUES (new.number, new.text);
    END""",
    """CREATE TRIGGER message_changed AFTER UPDATE OF text ON messages
    WHEN old.status <> 'streaming' AND new.text <> old.text
    BEGIN
        INSERT INTO message_text (message_text, rowid, text)
        VALUES ('delete', old.number, old.text);
        INSERT INTO message_text (rowid, text) VALUES (new.number, new.text);
    END""",
    """CREATE TRIGGER message_removed AFTER DELETE ON messages WHEN old.status <> 'streaming'
    BEGIN
        INSERT INTO message_text (message_text, rowid, text)
        VALUES ('delete', old.number, old.text);
    END""",
    """CREATE TRIGGER title_added AFTER INSERT ON conversations
    BEGIN
        INSERT INTO conversation_title (rowid, title) VALUES (new.number, new.title);
    END""",
    """CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations
    BEGIN
        INSERT INTO conversation_title (conversation_title, rowid, title)
        VALUES ('delete', old.number, old.title);
        INSERT INTO conversation_title (rowid, title) VALUES (new.number, new.title);
    END""",
    """CREATE TRIGGER title_removed AFTER DELETE ON conversations
    BEGIN
        INSERT INTO conversation_title (conversation_title, rowid, title)
        VALUES ('delete', old.number, old.title);
    END""",
)


def m001_conversations(db: Database) -> None:
    """Conversations, trees of messages, the prompts of answers, full-text search."""
    for statement in _STATEMENTS:
        db.execute(statement)
