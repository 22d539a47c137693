"""Forgetting and repairing at full count; `tests/store/upkeep` runs a slice of each.

Run with `-s` to see the counts that `docs/reliability.md` reports.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import store_canaries, store_damage, store_forget, store_salvage

pytestmark = pytest.mark.faults


def test_no_byte_of_any_canary_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = 0
    for seed in range(10):
        home = tmp_path / str(seed)
        monkeypatch.setenv("LOCALAI_HOME", str(home))
        files += store_canaries.check(home, number=120, seed=seed)
    print(f"\nforget: 1,200 canaries, 0 bytes left in {files} files")


def test_forgetting_killed_before_any_statement_can_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement, alive = 0, False
    while not alive:
        home = tmp_path / str(statement)
        monkeypatch.setenv("LOCALAI_HOME", str(home))
        alive = not store_forget.check(home, statement)
        statement += 1
    print(f"\nforgetting killed: {statement - 1}, traces left after finishing: 0")
    assert statement > 20


@pytest.mark.parametrize("backup", ["backup.db", ""])
def test_300_damaged_copies_are_repaired(tmp_path: Path, backup: str) -> None:
    store_damage.build(tmp_path / "localai.db")
    (tmp_path / "localai.db").rename(tmp_path / "folded.db")
    expected = store_salvage.rows(tmp_path / "folded.db")
    tally, beside = store_salvage.tally(), tmp_path / backup if backup else None
    for seed in range(300):
        place = tmp_path / str(seed)
        store_salvage.repair_one(tmp_path / "whole.db", place, seed, expected, tally, beside)
    print(f"\n{'beside a backup' if backup else 'without a backup'}, ", end="")
    print(f"repaired {tally.repaired[0]} of 300 damaged copies (the others needed none); rows:")
    for kind, there in tally.there.items():
        exact = tally.exact[kind] / there
        print(f"{kind}: {tally.back[kind]:,} of {there:,} back ({tally.share(kind):.1%}); ", end="")
        print(f"to the letter {exact:.1%}")
    assert tally.share("all" if backup else "whole") >= 0.95
