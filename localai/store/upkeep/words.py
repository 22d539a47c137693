"""Everything that holds the words of somebody's query, wherever in a message they stand.

Wider than search: also hidden conversations, reasoning, tools' arguments and results, errors.
Narrower, too: words are whole, because what is found is going to be erased.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from localai.conversation import ToolCall
from localai.store.columns import decode_parts, encode
from localai.store.driver import sqlite
from localai.store.match import Folds

MOST = 64


def matching(db: sqlite.Connection, query: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(conversations whose title or system text has all the words, messages that have them);
    ids.

    A run of words in double quotes is one phrase. Nothing is found for no words.
    """
    phrases = _phrases(query)
    if not phrases:
        return (), ()
    asked = " ".join(f'"{phrase}"' for phrase in phrases)
    has = _tester(phrases)
    titled = db.execute(
        "SELECT rowid FROM conversation_title WHERE conversation_title MATCH ?", (asked,)
    )
    numbers = {number for (number,) in titled}
    conversations = db.execute("SELECT number, id, system FROM conversations ORDER BY number")
    whole = tuple(id_ for number, id_, system in conversations if number in numbers or has(system))
    found = {
        id_
        for (id_,) in db.execute(
            "SELECT m.id FROM message_text t JOIN messages m ON m.number = t.rowid "
            "WHERE t.message_text MATCH ?",
            (asked,),
        )
    }
    rest = db.execute(
        "SELECT id, parts, error FROM messages WHERE parts IS NOT NULL OR error <> '' "
        "OR status = 'streaming'"
    )
    found.update(id_ for id_, parts, error in rest if has(said(parts) + "\n" + error))
    return whole, tuple(sorted(found))


def said(parts: str | None) -> str:
    """All text of the column `parts`: what a reader sees, reasoning, calls, results."""
    if parts is None:
        return ""
    return "\n".join(
        f"{part.name} {encode(part.arguments)}" if isinstance(part, ToolCall) else part.text
        for part in decode_parts(parts)
    )


def _phrases(query: str) -> list[str]:
    """Words, and runs of them that stood in double quotes; letters and digits alone."""
    pieces = re.findall(r'"([^"]*)"|(\S+)', query.replace("\0", " "))[:MOST]
    bare = (" ".join(re.findall(r"\w+", quoted or word)) for quoted, word in pieces)
    return [phrase for phrase in bare if phrase]


def _tester(phrases: list[str]) -> Callable[[str], bool]:
    """Whether a text has all the phrases, told apart nearly as the full-text index does."""
    folds = Folds()
    patterns = [
        re.compile(r"(?<!\w)" + r"\W+".join(map(re.escape, words)) + r"(?!\w)")
        for words in (phrase.translate(folds).split() for phrase in phrases)
    ]

    def has(text: str) -> bool:
        folded = text.translate(folds)
        return all(pattern.search(folded) for pattern in patterns)

    return has
