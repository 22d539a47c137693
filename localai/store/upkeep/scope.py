"""What goes when something is forgotten, and what else holds it.

A message goes with everything that was said after it, because answers are made from what
comes before them; an answer goes with the texts that it was corrected to. Messages of other
conversations in which a tool quoted a forgotten one go likewise, and answers for which a
forgotten correction was shown as an example. What was said in a fork goes with what it was said
after; what a fork shares with another conversation does not go with the fork. A conversation of
which nothing is left goes whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from localai.conversation import ToolResult
from localai.store import views
from localai.store.adapters import SELECT as ADAPTER
from localai.store.columns import decode_parts
from localai.store.driver import sqlite
from localai.store.records import record
from localai.store.tuning import Adapter

SHORTEST_QUOTE = 12
"""Characters; what is shorter may be said anywhere."""

_CLOSURE = """WITH RECURSIVE gone (id) AS (
    SELECT value FROM json_each(?1)
    UNION SELECT id FROM messages WHERE conversation IN (SELECT value FROM json_each(?2))
    UNION SELECT m.id FROM gone JOIN messages m ON m.parent = gone.id
    UNION SELECT r.chosen FROM gone JOIN corrections r ON r.rejected = gone.id
) SELECT m.id FROM messages m WHERE m.id IN (SELECT id FROM gone) ORDER BY m.number"""
_LOSING = """SELECT c.id, c.fork FROM conversations c
WHERE (c.fork IN (SELECT value FROM json_each(?1)) OR c.id IN (
    SELECT conversation FROM messages WHERE id IN (SELECT value FROM json_each(?1))))"""
_NOTHING_OWN = f"""{_LOSING} AND NOT EXISTS (
    SELECT 1 FROM messages o WHERE o.conversation = c.id
    AND o.id NOT IN (SELECT value FROM json_each(?1))) ORDER BY c.number"""

_CORRECTIONS = """SELECT id FROM corrections WHERE rejected IN (SELECT value FROM json_each(?1))
OR chosen IN (SELECT value FROM json_each(?1)) ORDER BY number"""
_EXAMPLES = """SELECT id FROM examples WHERE leaf IN (SELECT value FROM json_each(?1))
ORDER BY number"""


class Scope(msgspec.Struct, frozen=True):
    """Ids of what goes: `conversations` whole, `messages` all in all, `quoting` of them in
    conversations that were not asked for (a tool quoted it, or it was shown as an example),
    `corrections`, `examples`, tune `runs` with their verdicts.

    `adapters` learned from the corrections or examples; they are retired. `forks` lose messages,
    and stay; `shared` are the messages that forks which go share with conversations that stay:
    they stay.
    """

    conversations: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    quoting: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    adapters: tuple[Adapter, ...] = ()
    forks: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


def find(db: sqlite.Connection, conversations: Iterable[str], messages: Iterable[str]) -> Scope:
    """All that goes with these conversations and messages (ids)."""
    whole, single = list(conversations), list(messages)
    gone = _closure(db, whole, single)
    quoting: set[str] = set()
    while more := (_quoting(db, gone) | _shown(db, gone)) - set(gone):
        quoting |= more
        gone = _closure(db, whole, [*single, *quoting])
    listed = json(gone)
    going = dict.fromkeys([*whole, *_emptied(db, gone, listed)])
    losing = f"{_LOSING} AND c.fork IS NOT NULL ORDER BY c.number"
    corrections, examples = _ids(db, _CORRECTIONS, listed), _ids(db, _EXAMPLES, listed)
    learned = frozenset((*corrections, *examples))
    runs = _ids(
        db,
        "SELECT DISTINCT r.id FROM runs r, json_each(r.plan, '$.corrections') j "
        "WHERE j.value IN (SELECT value FROM json_each(?1)) ORDER BY r.number",
        json(learned),
    )
    return Scope(
        conversations=tuple(going),
        messages=gone,
        quoting=tuple(sorted(quoting)),
        corrections=corrections,
        examples=examples,
        runs=runs,
        adapters=_adapters(db, learned, frozenset(runs)),
        forks=tuple(id_ for id_, _ in db.execute(losing, (listed,)) if id_ not in going),
        shared=_shared(db, going, gone),
    )


def json(ids: Iterable[str]) -> str:
    """Ids as a JSON list, for `json_each`."""
    return msgspec.json.encode(list(ids)).decode()


def _ids(db: sqlite.Connection, query: str, listed: str) -> tuple[str, ...]:
    return tuple(id_ for (id_,) in db.execute(query, (listed,)))


def _closure(db: sqlite.Connection, whole: list[str], single: list[str]) -> tuple[str, ...]:
    return tuple(id_ for (id_,) in db.execute(_CLOSURE, (json(single), json(whole))))


def _emptied(db: sqlite.Connection, gone: tuple[str, ...], listed: str) -> list[str]:
    """The conversations of which nothing is left, neither of their own nor shared."""
    rows, all_gone = db.execute(_NOTHING_OWN, (listed,)).fetchall(), frozenset(gone)
    return [id_ for id_, fork in rows if not fork or all_gone.issuperset(views.shared(db, id_))]


def _shared(db: sqlite.Connection, going: Iterable[str], gone: tuple[str, ...]) -> tuple[str, ...]:
    """What stays of what the forks among the conversations that go share."""
    forks = "SELECT id FROM conversations WHERE fork IS NOT NULL"
    query = f"{forks} AND id IN (SELECT value FROM json_each(?1))"
    found = [id_ for fork in _ids(db, query, json(going)) for id_ in views.shared(db, fork)]
    all_gone = frozenset(gone)
    return tuple(dict.fromkeys(id_ for id_ in found if id_ not in all_gone))


def _quoting(db: sqlite.Connection, gone: tuple[str, ...]) -> set[str]:
    """Messages with a tool's result of which a line is a stretch of a forgotten text.

    `search_chats` gives such stretches, on one line each, perhaps cut at both ends.
    """
    rows = db.execute("SELECT id, parts FROM messages WHERE role = 'tool' AND parts IS NOT NULL")
    results = [(id_, decode_parts(parts)) for id_, parts in rows]
    if not results:
        return set()
    told = said(db, gone)
    return {
        id_
        for id_, parts in results
        if any(isinstance(part, ToolResult) and quotes(part.text, told) for part in parts)
    }


def _shown(db: sqlite.Connection, gone: tuple[str, ...]) -> set[str]:
    """Answers whose prompts hold a forgotten correction as an example."""
    rows = db.execute(
        f"""SELECT m.id FROM messages m, json_each(m.origin, '$.examples') e
        WHERE m.origin LIKE '%"examples"%' AND e.value IN ({_CORRECTIONS})""",
        (json(gone),),
    )
    return {id_ for (id_,) in rows}


def said(db: sqlite.Connection, messages: Iterable[str]) -> str:
    """The texts of these messages, in which `quotes` looks."""
    texts = db.execute(
        "SELECT text FROM messages WHERE id IN (SELECT value FROM json_each(?))", (json(messages),)
    )
    return "\0".join(" ".join(text.split()) for (text,) in texts)


def quotes(result: str, told: str) -> bool:
    """Whether a line of a tool's result is a stretch of what was said."""
    lines = (" ".join(line.strip().strip("…").split()) for line in result.splitlines())
    return any(len(line) >= SHORTEST_QUOTE and line in told for line in lines)


def _adapters(
    db: sqlite.Connection, learned: frozenset[str], runs: frozenset[str]
) -> tuple[Adapter, ...]:
    """The adapters of these runs, and those whose manifest lists something that is to go."""
    if not learned:
        return ()
    every = [record(Adapter, row) for row in db.execute(f"{ADAPTER} ORDER BY a.number").fetchall()]
    return tuple(
        each
        for each in every
        if each.run in runs or learned & set(_manifest(each).get("corrections", ()))
    )


def _manifest(adapter: Adapter) -> dict[str, Any]:
    """What lies beside the adapter's file; empty when there is nothing that can be read."""
    try:
        found = msgspec.json.decode(Path(adapter.file).with_name("manifest.json").read_bytes())
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}
    return found if isinstance(found, dict) else {}
