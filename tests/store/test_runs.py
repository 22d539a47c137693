"""Tune runs: begun, watched, ended once; promoted all at once or not at all."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localai.errors import StoreDamaged, StoreError
from localai.store.store import Store
from localai.store.tuning import Progress, Run

PLAN = {"corrections": ["K1", "K2"], "seed": 7, "nested": {"rate": 1e-4, "none": None}}
BEGIN = """
import sys
from pathlib import Path
from localai.store.store import Store
with Store.open(Path(sys.argv[1])) as store:
    print(store.begin_run("m", "b", {}).id, flush=True)
    sys.stdin.readline()
"""


def test_a_run_is_watched_while_it_goes_on(store: Store, file: Path) -> None:
    begun = store.begin_run("smollm2", "b", PLAN)
    assert (begun.model, begun.base, begun.state, begun.plan) == ("smollm2", "b", "running", PLAN)
    assert (begun.progress.total, begun.verdict, begun.error, begun.adapter) == (0, None, "", "")
    now = Progress("training", 3, 40, 2.5, 140.0, 12.0)
    store.update_run(begun.id, now)
    with Store.open(file, readonly=True) as reader:
        seen = reader.run(begun.id)
        assert seen.progress == now
        assert seen.updated >= begun.updated
        assert reader.run_process(begun.id) == os.getpid()


def test_what_an_adapter_learned_is_what_its_run_was_made_from_in_the_end(store: Store) -> None:
    run = store.begin_run("m", "b", PLAN)
    assert store.plan_run(run.id, PLAN | {"corrections": ["K2"]}).plan["seed"] == 7
    made = store.promote(run.id, base_bytes=1, file="f", sha256="s", verdict={})
    assert store.learned(made) == {"K2"}
    other = store.add_adapter(base="b", base_bytes=1, file="f", sha256="s")
    assert store.learned(other) == store.learned(None) == frozenset()
    with pytest.raises(StoreError, match="ended before"):
        store.plan_run(run.id, PLAN)


def test_a_run_ends_once(store: Store) -> None:
    run = store.begin_run("m", "b", {})
    made = store.add_adapter(base="b", base_bytes=1, file="f", sha256="s", run=run.id)
    verdict = {"right": [6, 10], "kl": 0.002}
    ended = store.end_run(run.id, "rejected", verdict=verdict, error="Worse.", adapter=made.id)
    assert ended == store.run(run.id)
    assert (ended.state, ended.verdict, ended.error) == ("rejected", verdict, "Worse.")
    assert ended.adapter == made.id
    assert store.run_process(run.id) is None
    for attempt in (
        lambda: store.end_run(run.id, "failed"),
        lambda: store.update_run(run.id, Progress("training")),
        lambda: store.promote(run.id, base_bytes=1, file="f", sha256="s", verdict={}),
    ):
        with pytest.raises(StoreError, match="ended before"):
            attempt()
    assert store.run(run.id) == ended
    assert store.adapters() == (made,)
    assert store.active_adapter("b") is None


def test_a_run_without_a_verdict_is_gone_on_with(store: Store) -> None:
    run = store.begin_run("m", "b", PLAN)
    store.update_run(run.id, Progress("training", 3, 40))
    with pytest.raises(StoreError, match="cannot be gone on with"):
        store.resume_run(run.id)
    store.end_run(run.id, "failed", error="It died.")
    again = store.resume_run(run.id)
    assert (again.state, again.error, again.plan) == ("running", "", PLAN)
    assert again.progress.done == 3
    assert store.run_process(run.id) == os.getpid()
    store.end_run(run.id, "rejected", verdict={})
    for none in (run.id, "nowhere"):
        with pytest.raises(StoreError, match="cannot be gone on with"):
            store.resume_run(none)


def test_a_run_that_is_gone_on_with_is_the_newest(store: Store) -> None:
    before, other = store.begin_run("m", "b", PLAN), store.begin_run("m", "b", {})
    store.add_metric(before.id, 1, {"loss": 2.0})
    store.end_run(before.id, "stopped")
    store.end_run(other.id, "rejected", verdict={})
    again = store.resume_run(before.id)
    assert [run.id for run in store.runs()] == [before.id, other.id]
    assert again.number > other.number > before.number
    assert again.created == before.created
    assert store.metrics(before.id) == ((1, {"loss": 2.0}),)
    store.end_run(before.id, "stopped")
    assert store.resume_run(before.id).number > again.number
    assert store.begin_run("m", "b", {}).number > store.run(before.id).number


def test_promotion_is_the_adapter_its_activation_and_the_end(store: Store) -> None:
    run = store.begin_run("m", "b", {})
    made = store.promote(run.id, base_bytes=9, file="f", sha256="s", verdict={"right": 6})
    assert (made.base, made.base_bytes, made.run) == ("b", 9, run.id)
    assert store.active_adapter("b") == made
    assert [entry.reason for entry in store.activations("b")] == ["promoted"]
    ended = store.run(run.id)
    assert (ended.state, ended.verdict, ended.adapter) == ("promoted", {"right": 6}, made.id)


def test_runs_that_are_not_there(store: Store) -> None:
    for attempt in (
        lambda: store.run("nowhere"),
        lambda: store.run_process("nowhere"),
        lambda: store.add_metric("nowhere", 1, {"loss": 1.0}),
        lambda: store.promote("nowhere", base_bytes=1, file="f", sha256="s", verdict={}),
    ):
        with pytest.raises(StoreError, match="no tune run"):
            attempt()
    with pytest.raises(StoreError, match="not there"):
        store.end_run("nowhere", "failed")
    run = store.begin_run("m", "b", {})
    with pytest.raises(StoreError, match="no adapter"):
        store.end_run(run.id, "failed", adapter="nowhere")
    assert store.run(run.id) == run
    assert store.metrics("nowhere") == ()


def test_the_newest_runs_come_first(store: Store) -> None:
    made = [store.begin_run("m", "b", {"number": number}) for number in range(4)]
    assert store.runs() == tuple(reversed(made))
    assert store.runs(limit=2) == (made[3], made[2])


def test_a_run_whose_process_died_reads_interrupted(store: Store, file: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", BEGIN, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child:
        run = child.stdout.readline().strip()
        assert (store.run(run).state, store.run_process(run)) == ("running", child.pid)
        child.kill()
    assert (store.run(run).state, store.run_process(run)) == ("interrupted", None)
    assert [one.state for one in store.runs()] == ["interrupted"]
    ended = store.end_run(run, "interrupted", error="It was killed.")
    assert (ended.state, ended.error) == ("interrupted", "It was killed.")


def test_numbers_are_kept_by_step_and_name(store: Store) -> None:
    run = store.begin_run("m", "b", {}).id
    store.add_metric(run, 2, {"loss": 1.5, "rate": 1e-4})
    store.add_metric(run, 1, {"loss": 2.5})
    store.add_metric(run, 2, {"loss": 1.25, "held out": 2})
    store.add_metric(run, 3, {})
    assert store.metrics(run) == (
        (1, {"loss": 2.5}),
        (2, {"held out": 2.0, "loss": 1.25, "rate": 1e-4}),
    )
    store.add_metric(run, 0, {"held out": 3.0})
    assert [step for step, _ in store.metrics(run)] == [0, 1, 2]
    assert [step for step, _ in store.metrics(run, (0, 1))] == [1]
    assert [step for step, _ in store.metrics(run, (1, 2))] == [2]
    assert store.last_step(run) == 2
    other = store.begin_run("m", "b", {}).id
    assert store.metrics(other) == ()
    assert store.last_step(other) == 0


def test_numbers_that_are_not_finite_are_kept(store: Store) -> None:
    run = store.begin_run("m", "b", {}).id
    store.add_metric(run, 1, {"loss": math.nan, "up": math.inf, "down": -math.inf})
    ((_, values),) = store.metrics(run)
    assert math.isnan(values["loss"])
    assert (values["up"], values["down"]) == (math.inf, -math.inf)
    store.update_run(run, Progress("training", loss=math.nan))
    assert store.run(run).progress == Progress("training")
    ended = store.end_run(run, "failed", verdict={"loss": math.nan})
    assert ended.verdict == {"loss": None}


def test_a_row_that_nobody_wrote_is_damage(store: Store) -> None:
    run: Run = store.begin_run("m", "b", {})
    db = store._db.connection
    for change in ("state = 'lost'", "plan = '['", "progress = '{}'", "verdict = '3'"):
        db.execute("BEGIN")
        db.execute(f"UPDATE runs SET {change}")
        with pytest.raises(StoreDamaged, match="damaged"):
            store.runs()
        db.execute("ROLLBACK")
    assert store.runs() == (run,)
