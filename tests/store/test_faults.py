"""A slice of each of the store's fault recipes; `tests/faults` runs them at full count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults import store_full, store_locks, store_steps, store_upgrade
from tests.faults.store_damage import build, use_damaged_copy
from tests.faults.store_kills import Toll, kill_once


def test_kills_lose_nothing_that_was_committed(file: Path) -> None:
    toll = Toll()
    for seed in range(4):
        kill_once(file, seed, toll)
    assert (toll.kills, toll.lost) == (4, 0)
    assert toll.worst_ms <= 1000


def test_damaged_copies_end_in_sentences(tmp_path: Path) -> None:
    build(tmp_path / "localai.db")
    outcomes: Counter[str] = Counter()
    for seed in range(25):
        use_damaged_copy(tmp_path / "whole.db", tmp_path / str(seed), seed, outcomes)
    assert outcomes.total() == 25
    assert outcomes["not opened: StoreDamaged"] > 0


@pytest.mark.parametrize("kilobytes", [1200, 2500])
def test_a_full_disk_loses_nothing_and_recovers(tmp_path: Path, kilobytes: int) -> None:
    if not store_full.possible():
        pytest.skip(store_full.REASON)
    report = store_full.fill(tmp_path, kilobytes)
    assert report["lost"] == 0
    assert report["refused"] > 0
    assert report["recovered"]


@pytest.mark.parametrize(("old", "statement"), [(0, 40), (1, 14), (1, 26), (2, 18)])
def test_an_upgrade_killed_midway_loses_nothing(file: Path, old: int, statement: int) -> None:
    file.parent.mkdir()
    store_upgrade.make_old(file, old)
    assert store_upgrade.dies_before(file, statement)
    store_upgrade.check(file, old)


@pytest.mark.parametrize(
    ("thing", "statement"), [("correct", 9), ("promote", 6), ("import", 5), ("take in", 9)]
)
def test_a_thing_killed_midway_is_not_done(file: Path, thing: str, statement: int) -> None:
    store_steps.prepare(file)
    before = store_steps.state(file)
    assert store_steps.dies_before(file, thing, statement)
    assert store_steps.state(file) == before


@pytest.mark.skipif(not store_locks.POSSIBLE, reason=store_locks.REASON)
def test_commits_from_elsewhere_are_seen_after_every_call(file: Path) -> None:
    assert store_locks.check(file, commits=10) > 10
