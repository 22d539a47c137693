"""The store's recipes at full count; `tests/store/test_faults.py` runs a slice of each.

Run with `-s` to see the counts that `docs/reliability.md` reports.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults import store_full, store_locks, store_steps, store_upgrade
from tests.faults.store_damage import build, use_damaged_copy
from tests.faults.store_kills import Toll, kill_once

pytestmark = pytest.mark.faults


def test_200_kills_lose_nothing_that_was_committed(tmp_path: Path) -> None:
    toll = Toll()
    for seed in range(200):
        kill_once(tmp_path / "localai.db", seed, toll)
    print(f"\nkills: {toll}")
    assert (toll.kills, toll.lost) == (200, 0)
    assert toll.mid_answer > 100
    assert toll.committed > 400
    assert toll.worst_ms <= 1000


def test_300_damaged_copies_end_in_sentences(tmp_path: Path) -> None:
    build(tmp_path / "localai.db")
    outcomes: Counter[str] = Counter()
    for seed in range(300):
        use_damaged_copy(tmp_path / "whole.db", tmp_path / str(seed), seed, outcomes)
    print(f"\ndamaged copies: {dict(outcomes)}, escaped errors: 0")
    assert outcomes.total() == 300
    assert outcomes["not opened: StoreDamaged"] > 30


def test_50_full_disks_lose_nothing_and_recover(tmp_path: Path) -> None:
    if not store_full.possible():
        pytest.skip(store_full.REASON)
    reports = [store_full.fill(tmp_path, 1200 + 97 * number) for number in range(50)]
    acknowledged = sum(report["acknowledged"] for report in reports)
    print(f"\nfull disks: {len(reports)}, acknowledged: {acknowledged}, lost: 0")
    for report in reports:
        assert report["lost"] == 0
        assert report["refused"] > 0
        assert report["recovered"]


@pytest.mark.parametrize("old", range(len(store_upgrade.ROWS)))
def test_an_upgrade_killed_before_any_statement_loses_nothing(tmp_path: Path, old: int) -> None:
    statement, alive = 0, False
    while not alive:
        path = tmp_path / f"{statement}" / "localai.db"
        path.parent.mkdir()
        store_upgrade.make_old(path, old)
        alive = not store_upgrade.dies_before(path, statement)
        store_upgrade.check(path, old)
        statement += 1
    print(f"\nupgrades from schema {old} killed: {statement - 1}, rows lost: 0")
    assert statement > 10


@pytest.mark.parametrize("thing", store_steps.THINGS)
def test_a_thing_killed_before_any_statement_is_done_or_not(tmp_path: Path, thing: str) -> None:
    statement, alive, seen = 0, False, []
    while not alive:
        path = tmp_path / f"{statement}" / "localai.db"
        store_steps.prepare(path)
        before = store_steps.state(path)
        alive = not store_steps.dies_before(path, thing, statement)
        seen.append(store_steps.state(path))
        statement += 1
    print(f"\n{thing} killed: {statement - 1}, half done: 0")
    assert seen[-1] != before
    assert seen[:-1] == [before] * (statement - 1)
    assert statement > 3


@pytest.mark.skipif(not store_locks.POSSIBLE, reason=store_locks.REASON)
def test_100_commits_from_elsewhere_are_seen_after_every_call(tmp_path: Path) -> None:
    calls = store_locks.check(tmp_path / "localai.db", commits=100)
    print(f"\nlocks: {calls} calls, 0 locks lost, 100 of 100 commits visible")
