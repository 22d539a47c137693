"""Evaluations: filled as answers come, gone on with when they were stopped, forgotten in part."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from localai.conversation import Message, ToolResult, user
from localai.errors import StoreError
from localai.store.connection import connect
from localai.store.evaluated import EvalItem, EvalRun, Evaluated
from localai.store.store import Store
from localai.store.upkeep import carve, restoring
from localai.store.upkeep.records_raw import Cell
from tests.store.test_corrections import ask

WHAT = Evaluated(
    task="capitals", pool="dev", manner={"samples": 1}, wanted=2, model="m", base="b" * 64
)
COMMAND = "01K00000000000000000000Z01"
FRANCE = EvalItem("france", {"question": "Capital?"}, [{"text": "Paris."}], {"right": 1.0})


def test_answers_are_kept_as_they_come(store: Store) -> None:
    run = store.begin_eval(WHAT, COMMAND)
    assert (run.of, run.state, run.items, run.summary) == (WHAT, "running", 0, None)
    store.put_eval_item(run.id, FRANCE)
    store.put_eval_item(run.id, replace(FRANCE, scores={"right": float("nan")}))
    assert store.eval_items(run.id) == (replace(FRANCE, scores={"right": None}),)
    assert store.eval_run(run.id).items == 1
    done = store.end_eval(run.id, {"right": 0.5})
    assert (done.state, done.summary) == ("done", {"right": 0.5})
    with pytest.raises(StoreError, match="ended before"):
        store.put_eval_item(run.id, FRANCE)
    with pytest.raises(StoreError, match="ended before"):
        store.end_eval(run.id, None)


def test_a_run_is_found_by_the_end_of_its_id(store: Store) -> None:
    first, second = (store.begin_eval(WHAT, COMMAND) for _ in range(2))
    assert store.evals() == (second, first)
    assert store.evals(limit=1) == (second,)
    assert store.eval_run(first.short_id) == first
    for wrong in ("", "nothing"):
        with pytest.raises(StoreError, match="no evaluation"):
            store.eval_run(wrong)
    assert store.pair_evals(second.id, first.id).against == first.id


def test_a_command_that_was_stopped_is_gone_on_with(store: Store) -> None:
    run = store.begin_eval(WHAT, COMMAND)
    assert store.stopped_command([WHAT]) == ""  # it goes on
    assert store.resume_eval(WHAT, COMMAND) is None
    store.put_eval_item(run.id, FRANCE)
    store.end_eval(run.id, None)
    others = [
        replace(WHAT, wanted=3),
        replace(WHAT, manner={"samples": 2}),
        replace(WHAT, adapter="a" * 64),
        replace(WHAT, pool="gate"),
    ]
    assert store.stopped_command(others) == ""
    assert store.stopped_command([*others, replace(WHAT, name="renamed")]) == COMMAND
    assert store.resume_eval(WHAT, "another") is None
    again = store.resume_eval(WHAT, COMMAND)
    assert again is not None
    assert (again.id, again.state, again.items) == (run.id, "running", 1)
    done = store.end_eval(run.id, {})
    assert store.stopped_command([WHAT]) == ""
    assert store.resume_eval(WHAT, COMMAND) == done


def test_of_several_commands_the_last_goes_on(store: Store) -> None:
    for command in ("first", "second"):
        store.end_eval(store.begin_eval(WHAT, command).id, None)
    assert store.stopped_command([WHAT]) == "second"


def test_a_run_whose_process_died_is_stopped(store: Store) -> None:
    run = store.begin_eval(WHAT, COMMAND)
    with store._db.write() as db:
        db.execute("UPDATE evals SET writer = '1:long ago'")
    assert store.eval_run(run.id).state == "stopped"
    assert store.stopped_command([WHAT]) == COMMAND
    again = store.resume_eval(WHAT, COMMAND)
    assert again is not None
    assert (again.id, again.state) == (run.id, "running")


def answered(store: Store, what: Evaluated, *items: EvalItem) -> EvalRun:
    run = store.begin_eval(what, COMMAND)
    for item in items:
        store.put_eval_item(run.id, item)
    return store.end_eval(run.id, {"items": len(items)})


def test_what_belongs_to_the_forgotten_goes(store: Store) -> None:
    said, other = ask(store), ask(store)
    correction = store.add_correction(said.id, "Paris.").id
    quoting = [{"text": "Yes.", "calls": [{"result": "in 1:\n…is the capital of France?…"}]}]
    run = answered(
        store,
        WHAT,
        FRANCE,
        replace(FRANCE, item=f"{correction}-2"),
        replace(FRANCE, item="by a message", asked={"extra": {"message": said.id}}),
        replace(FRANCE, item="quoted", answers=quoting),
        replace(FRANCE, item=other.id),
        replace(FRANCE, item="a call", answers=[{"calls": [{"result": "42"}]}]),
    )
    store.forget(store.scope(conversations=(said.conversation,)))
    assert [item.item for item in store.eval_items(run.id)] == sorted(
        [other.id, "a call", "france"]
    )
    assert store.eval_run(run.id).summary == {"items": 6}


def test_what_a_retired_adapter_said_goes(store: Store, file: Path) -> None:
    correction = store.add_correction(ask(store).id, "Paris.")
    tune = store.begin_run("m", WHAT.base, {"corrections": [correction.id]}).id
    adapter = store.promote(
        tune, base_bytes=1, file=str(file.with_name("a.gguf")), sha256="c" * 64, verdict={}
    )
    tuned = answered(store, replace(WHAT, adapter=adapter.sha256, name=adapter.name), FRANCE)
    bare = answered(store, WHAT, FRANCE)
    store.forget(store.scope(messages=(correction.chosen,)))
    assert store.eval_items(tuned.id) == ()
    assert store.eval_items(bare.id) == (FRANCE,)


def test_a_backup_has_them(store: Store, file: Path) -> None:
    run = answered(store, WHAT, FRANCE)
    backup = file.parent.parent / "one.tar"
    store.write_backup(backup)
    with (
        restoring.candidate(backup, file.parent) as found,
        Store.open(found.database, readonly=True) as copy,
    ):
        assert copy.eval_run(run.id) == run
        assert copy.eval_items(run.id) == (FRANCE,)


def test_their_rows_are_taken_for_nothing_else_in_a_damaged_history(
    store: Store, file: Path
) -> None:
    talk = store.create_conversation("A talk").id
    store.add_message(talk, "", user("Hello"))
    store.add_message(talk, "", Message("tool", (ToolResult("1", "2"),)))
    answered(store, WHAT, FRANCE, replace(FRANCE, item="peru"))
    with closing(connect(file, readonly=True, checkpoints=False)) as db:
        shapes = carve.Shapes(db)
        for table in ("evals", "eval_items"):
            for row in db.execute(f"SELECT * FROM {table}").fetchall():
                values = (None, *row[1:]) if table == "evals" else row
                cell = Cell(1, tuple(values), ())
                assert all(shapes.sort(cell, keyed=keyed) is None for keyed in (True, False))
