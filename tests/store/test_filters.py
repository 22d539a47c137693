"""Filters by their lists, blocks and indexes find what reading every message finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.conversation import Message, Part, Role, Text, ToolCall, ToolResult, user
from localai.store import filters, messages, search
from localai.store.drafts import Draft, Node
from localai.store.query import Filter
from localai.store.rows import Origin
from localai.store.store import Store

DAY = 86_400.0
WORDS = ("a zebra", "zebra and horse", "horse", "```\nzebra\n```")
TOOLS = ("Calculator", "weekday", "week_end")
QUERIES = st.lists(
    st.sampled_from(
        [
            *("zebra", "horse", "zebr", "-horse", "role:tool", "-role:assistant", "role:system"),
            *("tool:week", "tool:calculator", "-tool:weekday", "model:TINY", "-model:large"),
            *("has:code", "-has:code", "has:correction", "-has:correction"),
            *("before:1970-01-20", "after:1970-01-20", "-before:1970-02", "-after:1970-03"),
        ]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)
SAID = st.tuples(
    st.sampled_from(["assistant", "tool", "user", "system"]),
    st.sampled_from(WORDS),
    st.sampled_from([*TOOLS, ""]),
    st.sampled_from(["", "tiny", "Large"]),
    st.integers(0, 90),  # the day
    st.sampled_from([True, True, False]),  # whether it goes on from the last one
)

# What each filter says of a message, told by reading it.
_CALLS = """EXISTS (SELECT 1 FROM json_each({0}.parts) p WHERE p.value ->> '$.type' = 'tool_call'
    AND instr(lower(p.value ->> '$.name'), ?))"""
_PARENT_CALLS = (
    f"EXISTS (SELECT 1 FROM messages a WHERE a.id = {{0}}.parent AND {_CALLS.format('a')})"
)
_MEANS = {
    "role": "m.role = ?",
    "before": "m.created < ?",
    "after": "m.created >= ?",
    "model": "ifnull(instr(lower(m.origin ->> '$.model'), ?), 0) > 0",
    "tool": f"""CASE m.role WHEN 'tool' THEN {_PARENT_CALLS.format("m")}
        WHEN 'assistant' THEN m.parts IS NOT NULL AND {_CALLS.format("m")} OR EXISTS (
            SELECT 1 FROM messages r WHERE r.id = m.parent AND r.role = 'tool'
            AND {_PARENT_CALLS.format("r")})
        ELSE 0 END""",
    "has:correction": """m.id IN (SELECT chosen FROM corrections WHERE state = 'accepted'
        UNION ALL SELECT rejected FROM corrections WHERE state = 'accepted')""",
    "has:code": "instr(m.text, '```') > 0",
}


def _plain(_db: object, asked: list[Filter], _number: str) -> tuple[str, tuple[object, ...]]:
    sql, values = "", list[object]()
    for each in asked:
        means = _MEANS.get(each.name) or _MEANS[f"{each.name}:{each.value}"]
        values += [each.value] * means.count("?")
        sql += f" AND {'NOT ' if each.unwanted else ''}({means})"
    return sql, tuple(values)


def _fill(store: Store, said: list[tuple[Role, str, str, str, int, bool]]) -> None:
    """A conversation with all that, each message of its day."""
    tree, last = store.create_conversation("t").id, ""
    for number, (role, text, tool, model, day, on) in enumerate(said):
        parts: tuple[Part, ...] = (Text(text),)
        if role == "tool":
            parts = (*parts, ToolResult("1", text))
        elif role == "assistant" and tool:  # nobody else calls
            parts = (*parts, ToolCall("1", tool, {}))
        origin = Origin(model) if model and role == "assistant" else None
        with store._db.write() as db:
            parent = last if on else ""
            message = Message(role, parts)
            last = messages.insert(db, tree, parent, message, "done", origin, writer="")
            db.execute("UPDATE messages SET created = ? WHERE id = ?", (day * DAY + number, last))
        if role == "assistant" and not tool and day % 3 == 0:
            store.add_correction(last, "zebra, and better")


@given(st.lists(SAID, max_size=25), QUERIES, st.sampled_from([0, 2, filters.FEW]))
def test_the_same_is_found_by_reading_every_message(
    said: list[tuple[Role, str, str, str, int, bool]], query: str, few: int
) -> None:
    with Store.memory() as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "RANKED", 5)
        patch.setattr(filters, "FEW", few)
        _fill(store, said)
        found = store.search(f"{query} ", limit=4)
        patch.setattr(filters, "conditions", _plain)
        patch.setattr(filters, "stretches", lambda *_: [filters.ALL])
        assert store.search(f"{query} ", limit=4) == found


@pytest.fixture
def brought(store: Store) -> Store:
    """A message of each tenth day, 2,048 of them, then once more one of each of the first 100:
    as an import of something old is."""
    days = [*range(2_047), *range(100)]
    nodes = tuple(Node(-1, user("zebra"), 10 * day * DAY) for day in days)
    store.add_drafts([Draft("old", "", 0.0, 0.0, nodes, 0, "x:1")])
    return store


def test_only_blocks_with_the_days_are_looked_at(brought: Store) -> None:
    first, second, third = (0, 1023), (1024, 2047), (2048, 3071)
    with brought._db.read() as db:
        assert filters.stretches(db, []) == [filters.ALL]
        assert filters.stretches(db, [Filter("before", 9 * DAY)]) == [third, first]
        assert filters.stretches(db, [Filter("after", 10_300 * DAY)]) == [second]
        assert filters.stretches(db, [Filter("before", 10_300 * DAY, True)]) == [second]
        assert filters.stretches(db, [Filter("before", 10_300 * DAY)]) == [(0, 3071)]
        assert filters.stretches(db, [Filter("before", -2 * DAY)]) == []


def test_old_messages_that_came_late_are_found(brought: Store) -> None:
    found = [hit.created for hit in brought.search("zebra before:1970-01-25", limit=2_000)]
    assert sorted(found) == [0, 0, 10 * DAY, 10 * DAY, 20 * DAY, 20 * DAY]


def test_an_answer_that_calls_again_is_found_by_both_tools(store: Store) -> None:
    tree, ids = store.create_conversation().id, [""]
    for part in (
        *(ToolCall("1", "weekday", {}), ToolResult("1", "Monday")),
        *(ToolCall("2", "calculator", {}), ToolResult("2", "4"), Text("It is four")),
    ):
        said = Message("tool" if isinstance(part, ToolResult) else "assistant", (part,))
        ids.append(store.add_message(tree, ids[-1], said).id)
    assert {hit.message for hit in store.search("tool:weekday")} == set(ids[1:4])
    assert {hit.message for hit in store.search("tool:calculator")} == set(ids[3:])


def test_an_answer_is_found_by_the_tool_that_it_calls_in_the_end(store: Store) -> None:
    tree = store.create_conversation().id
    asked = store.add_message(tree, "", user("How much?")).id
    answer = store.begin_answer(tree, asked, Origin("m")).id
    for name in ("weekday", "calculator"):
        store.flush_answer(answer, (Text("zebra"), ToolCall("1", name, {})))
    said = Message("assistant", (Text("zebra"), ToolCall("1", "calculator", {})))
    store.finish_answer(answer, said, None, "done")
    assert [hit.message for hit in store.search("zebra tool:calculator")] == [answer]
    assert store.search("zebra tool:weekday") == ()


def test_what_is_removed_is_in_no_list(store: Store) -> None:
    gone = store.create_conversation().id
    store.add_message(gone, "", Message("assistant", (ToolCall("1", "weekday", {}),)))
    store.purge(gone)
    store.add_message(store.create_conversation().id, "", user("zebra"))  # the same number
    assert store.search("zebra tool:weekday") == ()
