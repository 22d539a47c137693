"""Our own document: out and in again is the same, whatever a conversation holds."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.conversation import Completion, Message, Text, Timings, ToolCall, ToolResult
from localai.port import lossless
from localai.port.preview import Preview
from localai.port.reading import Import
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.tree import Tree
from tests.port import samples
from tests.store.test_tree_model import ids, messages_of, parts_of, texts

names = st.text("abc", min_size=1, max_size=3)
arguments = st.dictionaries(texts, st.none() | texts | st.integers(-9, 9) | st.lists(texts))
messages = messages_of(
    parts_of(
        st.builds(ToolCall, names, names, arguments),
        st.builds(ToolResult, names, texts, st.booleans(), st.floats(0, 9), st.booleans()),
    )
)
origins = st.none() | st.builds(
    Origin, texts, adapter=texts, sampling=st.just({"seed": 7}), prompt=ids, tools=st.just(("a",))
)
completions = st.builds(
    Completion, st.sampled_from(("stop", "length")), st.integers(0, 9), timings=st.just(Timings(1)),
    ids=ids, vocab=texts,
)  # fmt: skip
acts = st.lists(
    st.tuples(st.integers(0, 99), messages, origins, st.none() | completions, texts, st.booleans()),
    max_size=7,
)


forks = st.none() | st.tuples(st.integers(0, 9), st.integers(0, 99))
plans = st.lists(st.tuples(forks, acts), max_size=4)


def build(store: Store, plan: list[Any]) -> None:
    """Conversations, some forked from earlier ones; each act adds a message somewhere, and
    perhaps corrects it."""
    talks: list[tuple[str, list[str]]] = []
    for fork, added in plan:
        talk, made = store.create_conversation("T\x1b[1m", "S").id, [""]
        if fork is not None and talks:
            origin, known = talks[fork[0] % len(talks)]
            at = known[fork[1] % len(known)]
            if at:
                talk = store.fork(origin, at).id
                made += [each.id for each in store.path(at)]
                made += again(store, talk, at)
        for place, *act in added:
            parent = made[place % len(made)]
            made += write(store, talk, parent, *act)
        store.set_leaf(talk, made[len(made) // 2])
        talks.append((talk, made))


def again(store: Store, talk: str, at: str) -> list[str]:
    """What an answer that a fork shares is corrected to in the fork."""
    said = store.message(at).message
    if said.role != "assistant" or said.calls or len(said.text) % 2:
        return []
    return [store.add_correction(at, said.text + " In a fork.", conversation_id=talk).chosen]


def write(
    store: Store,
    talk: str,
    parent: str,
    message: Message,
    origin: Origin | None,
    completion: Completion | None,
    text: str,
    keep: bool,
) -> list[str]:
    """The ids of a message and of what it was corrected to."""
    if origin is None:
        return [store.add_message(talk, parent, message).id]
    begun = store.begin_answer(talk, parent, origin)
    said = msgspec.structs.replace(message, role="assistant")
    done = store.finish_answer(begun.id, said, completion, "done" if keep else "failed", text)
    if not text.strip() or said.calls or text == said.text:
        return [done.id]
    fixed = store.add_correction(done.id, text)
    if not keep:
        store.withdraw_correction(fixed.id)
    return [done.id, fixed.chosen]


def trees(store: Store) -> list[Tree | None]:
    return [store.tree(id_) for id_ in store.conversation_ids()]


def export(store: Store, path: Path, *ids: str) -> Path:
    """All conversations, or these alone."""
    found = store.trees(ids or store.conversation_ids())
    path.write_text("".join(lossless.write(found)), encoding="utf-8", newline="")
    return path


@settings(max_examples=40, deadline=None)
@given(plans)
def test_export_then_import_into_an_empty_store_is_identical(plan: list[Any]) -> None:
    with Store.memory() as one, Store.memory() as other, TemporaryDirectory() as folder:
        build(one, plan)
        file = export(one, Path(folder, "x.json"))
        told = Import(Preview(other), trust=True).run(file)
        report = Import(other, trust=True).run(file)
        assert told == report
        assert (report.skipped, report.added) == ({}, len(one.conversation_ids()))
        assert trees(other) == trees(one)
        assert other.conversations() == one.conversations()
        assert other.corrections() == one.corrections()
        assert not any(c.added or c.new for c in other.add_trees([t for t in trees(one) if t]))
        assert export(other, Path(folder, "y.json")).read_bytes() == file.read_bytes()


def test_the_document_is_json_and_drives_no_terminal(store: Store, tmp_path: Path) -> None:
    talk = store.create_conversation("\x1b]0;x\x07", "S\u202e").id
    store.add_message(talk, "", Message("user", (Text("\x7f\x9b31m é 短"),)))
    text = export(store, tmp_path / "x").read_text("utf-8")
    assert json.loads(text)["conversations"][0]["messages"][0]["parts"][0]["text"].startswith(
        "\x7f"
    )
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "短" in text


def test_what_was_imported_is_known_after_a_move(store: Store, tmp_path: Path) -> None:
    there = samples.lines(tmp_path / "x", samples.talk())
    Import(store).run(there)
    with Store.memory() as other:
        Import(other).run(export(store, tmp_path / "y"))
        assert Import(other).run(there).messages == 0


def test_a_conversation_that_is_here_gets_what_it_lacks(store: Store, tmp_path: Path) -> None:
    talk = store.create_conversation("T").id
    asked = store.add_message(talk, "", Message("user", (Text("Hi"),))).id
    before = export(store, tmp_path / "x")
    answer = store.add_message(talk, asked, Message("assistant", (Text("Ho"),))).id
    store.add_correction(answer, "Hello")
    after = export(store, tmp_path / "y")
    with Store.memory() as other:
        Import(other).run(before)
        report = Import(other).run(after)
        assert (report.grown, report.messages, report.corrections) == (1, 2, 1)
        assert len(other.corrections(state="withdrawn")) == 1
        assert Import(other).run(before).messages == 0


A, B, C, D, E, F, CALLS = ("01K0000000000000000000000" + end for end in "ABCDEFG")
BESIDE = "a correction in it does not stand beside an answer in it"


DEEP: dict[str, Any] = {}
for _ in range(60):
    DEEP = {"a": DEEP}


def message(id_: str, parent: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "parent": parent, "role": "user", "status": "done", "created": 1.0, "parts": [],
    } | more  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        [message(A, parent=B)],
        [message(A), message(A)],
        [message(A, parent=A)],
        [message("short")],
        [message(A, role="king")],
        [message(A, status="streaming")],
        [message(A, created="now")],
        [message(A, created=1e300)],
        [message(A, created=-1.0)],
        [message(A, ids=[2**40])],
        [message(A, hash="zz")],
        [message(A, parts=[{"type": "text", "text": 5}])],
        [message(A, parts=[{"type": "tool_call", "id": "", "name": "", "arguments": DEEP}])],
        {},
    ],
)
def test_a_conversation_that_does_not_hold_together_is_left_out(
    store: Store, tmp_path: Path, broken: object
) -> None:
    held = {"id": C, "title": "", "system": "", "leaf": "", "created": 1.0, "updated": 1.0}
    sound = held | {"id": B, "messages": [message(B)], "leaf": B}
    whole = [held | {"messages": broken}, sound]
    path = tmp_path / "x"
    path.write_text(json.dumps({"format": "localai", "version": 1, "conversations": whole}))
    report = Import(store).run(path)
    assert (report.added, [c.id for c in store.conversations()]) == (1, [B])
    assert [each.places for each in report.skipped.values()] == [["conversation 1"]]


def correcting(rejected: str, chosen: str) -> dict[str, Any]:
    return {
        "id": D, "rejected": rejected, "chosen": chosen, "state": "accepted", "created": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rejected", "chosen"),
    [
        ("", B),
        (B, ""),
        (B, B),
        (A, B),
        (B, A),
        (B, F),
        (B, D),
    ],
)
def test_a_correction_stands_beside_the_answer_it_corrects(
    store: Store, rejected: str, chosen: str
) -> None:
    called = {"type": "tool_call", "id": "", "name": "", "arguments": {}}
    answer = {"role": "assistant"}
    whole = {
        "id": C, "title": "", "system": "", "leaf": "", "created": 1.0, "updated": 1.0,
        "messages": [
            message(A), message(B, A, **answer), message(E, A, **answer),
            message(CALLS, A, parts=[called], **answer), message(F, B, **answer),
        ],
    }  # fmt: skip
    broken = whole | {"corrections": [correcting(rejected, chosen)]}
    sound = whole | {"corrections": [correcting(CALLS, B)]}
    told, right = (lossless.read(json.dumps(each).encode()) for each in (broken, sound))
    assert [each.problem for each in store.add_trees([told])] == [BESIDE]
    assert store.conversations() == ()
    assert [each.problem for each in store.add_trees([right])] == [""]
    # What is here decides, not what a second file says of it.
    assert [each.problem for each in store.add_trees([told])] == [BESIDE]


@pytest.mark.parametrize("field", ["created", "updated", "deleted"])
def test_a_conversation_from_no_time_is_left_out(store: Store, field: str) -> None:
    held = {"id": C, "title": "", "system": "", "leaf": "", "created": 1.0, "updated": 1.0}
    told = held | {"messages": [message(A)], field: 1e300}
    tree = lossless.read(json.dumps(told).encode())
    assert [each.problem for each in store.add_trees([tree])] == [
        "it holds times that no clock has shown"
    ]
    assert store.conversations() == ()


def test_a_message_of_another_conversation_is_not_taken_over(store: Store, tmp_path: Path) -> None:
    talk = store.create_conversation("T").id
    mine = store.add_message(talk, "", Message("user", (Text("Hi"),))).id
    held = {"id": C, "title": "", "system": "", "leaf": "", "created": 1.0, "updated": 1.0}
    stolen = held | {"messages": [message(mine)]}
    path = tmp_path / "x"
    path.write_text(json.dumps({"format": "localai", "version": 1, "conversations": [stolen]}))
    assert Import(store).run(path).read == 0
    assert store.message(mine).message.text == "Hi"
