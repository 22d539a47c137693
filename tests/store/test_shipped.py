"""Every schema that shipped: the steps still make it, and what is in it is read whole."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import pytest

from localai.conversation import (
    Completion,
    Message,
    Reasoning,
    Text,
    Timings,
    ToolCall,
    ToolResult,
)
from localai.store import migrations
from localai.store.driver import sqlite
from localai.store.evaluated import EvalItem
from localai.store.rows import Origin
from localai.store.store import Store
from localai.store.tuning import Adapter, Correction, Progress, Rewrites
from tests.faults.store_upgrade import SHIPPED, make_old, schema, shipped

BETTER = Correction(
    "01K00000000000000000000K02",
    "01K00000000000000000000C01",
    rejected="01K00000000000000000000M02",
    chosen="01K00000000000000000000M05",
    state="accepted",
    created=1764000005.0,
)
TUNED = Adapter(
    "01K00000000000000000000A01",
    "tuned-1",
    base="aaaa",
    base_bytes=98765,
    file="/adapters/1.gguf",
    sha256="bbbb",
    run="01K00000000000000000000R01",
    created=1764000400.0,
)
NOTED = "01K00000000000000000000M12"


def test_every_shipped_schema_is_frozen() -> None:
    assert [file.stem for file in SHIPPED] == [
        step.__name__.partition("_")[0] for step in migrations.STEPS
    ]


@pytest.mark.parametrize("version", range(1, len(migrations.STEPS) + 1))
def test_the_steps_are_those_that_shipped(version: int) -> None:
    with closing(sqlite.connect(":memory:", isolation_level=None)) as then:
        then.executescript(shipped(version))
        with closing(sqlite.connect(":memory:", isolation_level=None)) as made:
            migrations.migrate(made, None, migrations.STEPS[:version])
            assert schema(made) == schema(then)


def test_the_first_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 1)
    with Store.open(file) as store:
        capitals = store.conversation("C01")
        assert (capitals.title, capitals.system, capitals.messages) == ("Capitals", "Be brief.", 2)
        assert [c.title for c in store.conversations(deleted=True)] == ["Gone"]
        question, broken = store.path(capitals.leaf)
        assert question.message.text == "What is the capital of France?"
        assert (broken.status, broken.message.text) == ("interrupted", "It is Pa")
        answer = store.message(broken.siblings[0])
        assert answer.message == Message(
            "assistant", (Reasoning("Easy."), Text("Paris.")), ids=(4, 5), vocab="abc"
        )
        assert answer.origin == Origin(
            "smollm2", vocab="abc", sampling={"seed": 7}, prompt=(1, 2, 3)
        )
        assert answer.completion == Completion(
            "stop", 3, 0, 2, 0, Timings(1.0, 2.0, 3.0), ids=(4, 5), vocab="abc"
        )
        assert [hit.role for hit in store.search("paris")] == ["assistant"]


def test_the_second_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 2)
    with Store.open(file) as store:
        assert store.corrections() == (BETTER,) == (store.correction_for(BETTER.chosen),)
        assert [c.chosen[-3:] for c in store.corrections(state="replaced")] == ["M04"]
        assert store.adapters() == (TUNED,) == (store.active_adapter("aaaa"),)
        log = store.activations("aaaa")
        assert [entry.reason for entry in log] == ["chosen", "rollback", "promoted"]
        broken, promoted = store.runs()
        assert (broken.state, broken.progress, broken.plan) == (
            "interrupted",
            Progress("starting"),
            {},
        )
        assert (promoted.state, promoted.verdict, promoted.adapter) == (
            "promoted",
            {"right": 6},
            TUNED.id,
        )
        assert promoted.progress == Progress("training", 40, 40, 0.5, 150.0)
        (_, first), (step, second) = store.metrics(promoted.id)
        assert (first, step, math.isnan(second["loss"])) == ({"loss": 2.5}, 2, True)
        assert store.file_hash("/models/m.gguf", 98765, 1764000000000000001) == "aaaa"


def test_the_third_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 3)
    with Store.open(file) as store:
        *_, asked, found = store.path("01K00000000000000000000M07")
        assert asked.message.parts == (
            Text("Let me see."),
            ToolCall("call00001", "search_notes", {"query": "Paris"}),
        )
        assert found.message.parts == (ToolResult("call00001", "Paris.", True, 0.25, True),)
        talk = asked.conversation
        assert store.decision("search_web", "dddd", talk) is True
        assert store.decision("search_web", "dddd", "elsewhere") is None
        assert store.decision("search_web", "cccc", "elsewhere") is True
        assert store.decision("send", "ffff", talk) is False
        assert len(store.decisions()) == 3


def test_the_fourth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 4)
    with Store.open(file) as store:
        tree = store.tree("01K00000000000000000000C03")
        assert tree is not None
        assert tree.source == "00112233445566778899aabbccddeeff"
        (asked,) = tree.messages
        assert (asked.id, asked.learn) == (tree.leaf, False)
        assert asked.hash == "0123456789abcdef0123456789abcdef"
        assert {hit.message for hit in store.search("large")} == {asked.id}


def test_the_fifth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 5)
    with Store.open(file) as store:
        assert {correction.reason for correction in store.corrections()} == {"edited"}
        (example,) = store.examples(name="pirate")
        assert (example.source, example.state, example.whole) == ("written", "accepted", True)
        assert (example.question, example.answer) == ("Say hello", "Ahoy!")
        marked = "01K00000000000000000000M02"
        assert store.verdicts([marked]) == {marked: "bad"}
        assert example.conversation not in {row.id for row in store.conversations()}
        assert example.conversation in store.conversation_ids(examples=True)


def test_the_sixth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 6)
    with Store.open(file) as store:
        fork = store.conversation("01K00000000000000000000C05")
        assert (fork.fork[-3:], fork.messages) == ("M08", 2)
        path = store.path(fork.leaf, fork.id)
        assert [each.message.text for each in path] == ["Is Paris large?", "And old?"]


def test_the_seventh_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 7)
    with Store.open(file) as store:
        path = ["01K00000000000000000000M06", "01K00000000000000000000M07", NOTED]
        assert {hit.message for hit in store.search("tool:notes")} == set(path)
        assert [hit.message for hit in store.search("paris tool:search_notes")] == [NOTED]
        assert [hit.message for hit in store.search("model:tiny")] == [NOTED]
        assert [hit.message for hit in store.search("has:code")] == [NOTED]
        assert [hit.message for hit in store.search("after:2025-11-27")] == [NOTED]


def test_the_eighth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 8)
    with Store.open(file) as store:
        assert [adapter.name for adapter in store.adapters()] == ["Pirate", "tuned-1"]
        assert store.adapter("pirate") == store.adapter("tuned-2")


def test_the_ninth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 9)
    with Store.open(file) as store:
        kept, dropped = ("Which city is France's capital?",), ("What is France?",)
        assert store.rewrites(BETTER.chosen) == Rewrites(kept, dropped)
        assert store.rewrites(NOTED) is None


def test_the_tenth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 10)
    with Store.open(file) as store:
        tuned, bare = store.evals()
        assert (tuned.state, tuned.against, tuned.of.name) == ("stopped", bare.id, "tuned-1")
        assert (bare.state, bare.items, bare.summary) == ("done", 2, {"items": 2})
        assert (bare.of.task, bare.of.manner, bare.of.wanted) == ("capitals", {"samples": 1}, 2)
        assert store.eval_items(bare.id)[1] == EvalItem(
            "peru",
            {"question": "And of Peru?", "answers": ["Lima"]},
            [{"text": "Quito.", "tokens": 2}],
            {"right": 0.0, "nats": None},
        )


def test_the_eleventh_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, 11)
    with Store.open(file) as store:
        styles, adapters = store.preferences()
        assert (styles.left_by, styles.right_by, styles.vote) == ("direct", "steps", "right")
        assert (adapters.left_by, adapters.right_by, adapters.blind) == ("base", "Pirate", True)


def test_the_twelfth_schema_is_read_whole(file: Path) -> None:
    file.parent.mkdir()
    make_old(file, len(migrations.STEPS))
    with Store.open(file) as store:
        run = store.runs()[-1].id
        (found,) = store.rounds(run)
        assert (found.number, found.kept, found.dropped) == (1, 1, {"wrong": 1})
        kept, wrong = store.attempts(run, 1)
        assert store.kept(run) == (kept,)
        assert (kept.ids[-2:], kept.right, wrong.outcome) == ((7, 2), True, "wrong")


@pytest.mark.parametrize("version", range(1, 7))
def test_what_is_older_than_the_search_is_searched_alike(file: Path, version: int) -> None:
    file.parent.mkdir()
    make_old(file, version)
    with Store.open(file) as store, store._db.read() as db:
        tools, days = (
            db.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("message_tools", "message_days")
        )
    notes = [(6, "search_notes", 1), (7, "search_notes", 0)]
    assert tools == (notes if version > 2 else [])
    assert days == [(0, 19675 if version > 3 else 20416, 20416)]
