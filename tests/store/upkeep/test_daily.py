from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from localai.conversation import user
from localai.errors import StoreError
from localai.store.store import Store
from localai.store.upkeep import copies, daily, locks

DAY = daily.DAY


def age(store: Store, home: Path, days: float) -> None:
    """Let the history be that old."""
    tree = store.create_conversation("a").id
    store.add_message(tree, "", user("hello"))
    with store._db.write() as db:
        db.execute("UPDATE conversations SET created = created - ?", (days * DAY,))


def copy(home: Path, days: float, label: str = "daily") -> Path:
    """A copy of the history with a name that many days old."""
    moment = datetime.fromtimestamp(time.time() - days * DAY, UTC)
    path = home / "backups" / f"localai-{label}-{moment:%Y%m%dT%H%M%SZ}.db"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((home / "localai.db").read_bytes())
    return path


def test_the_second_day_has_a_copy_and_the_first_had_none(store: Store, home: Path) -> None:
    age(store, home, 0.5)
    assert daily.make(home / "localai.db") is None
    age(store, home, 2)
    made = daily.make(home / "localai.db")
    assert made is not None
    assert copies.sound(made)
    assert daily.make(home / "localai.db") is None
    assert copies.listed(home) == [made]


def test_nothing_new_is_no_reason(store: Store, home: Path) -> None:
    age(store, home, 9)
    store._db.shed()
    old = copy(home, 3)
    for path in (home / "localai.db", home / "localai.db-wal"):
        os.utime(path, (0, time.time() - 4 * DAY))
    assert daily.make(home / "localai.db") is None
    store.create_conversation("new")
    made = daily.make(home / "localai.db")
    assert made is not None
    assert made != old


def test_a_copy_from_the_future_says_nothing_and_stays(store: Store, home: Path) -> None:
    age(store, home, 90)
    store._db.shed()
    ahead, old = copy(home, -900), copy(home, 3)
    no_date = old.with_name("localai-daily-20269999T000000Z.db")
    no_date.write_bytes(old.read_bytes())
    made = daily.make(home / "localai.db")
    assert made is not None
    assert [path for _, path in daily.times(home)] == [made, old]
    assert ahead.exists()
    assert no_date.exists()


def test_what_a_broken_off_copy_has_left_is_removed(store: Store, home: Path) -> None:
    age(store, home, 9)
    backups = home / "backups"
    backups.mkdir()
    torn = ["localai-daily-20260101T000000Z.partial", "localai-clean-20260101T000000Z-2.partial"]
    others = ["mine.partial", "localai-20260101T000000Z.tar.partial"]
    for name in (*torn, f"{torn[0]}-journal", *others):
        (backups / name).touch()
    made = daily.make(home / "localai.db")
    assert made is not None
    assert {path.name for path in backups.iterdir()} == {made.name, *others}


@pytest.mark.parametrize("what", ["folder", "database", "content"])
def test_what_was_deleted_is_not_brought_back(home: Path, what: str) -> None:
    path = home / "localai.db"
    if what != "folder":
        home.mkdir()
    if what == "content":
        path.touch()
    assert daily.make(path) is None
    assert home.exists() == (what != "folder")
    assert not (home / "backups").exists()
    assert (path.stat().st_size == 0) if what == "content" else not path.exists()


def test_one_that_is_being_made_is_not_waited_for(store: Store, home: Path) -> None:
    age(store, home, 9)
    program = (
        "import sys; from pathlib import Path; from localai.store.upkeep import locks\n"
        "with locks.copying(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    assert daily.make(home / "localai.db") is None
    child.communicate()
    assert daily.make(home / "localai.db") is not None


def test_opening_for_writing_starts_it_in_a_process_of_its_own(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        age(store, home, 3)
    started: list[list[str]] = []

    real = os.posix_spawn

    def spawn(program: str, arguments: list[str], *rest: Any, **options: Any) -> int:
        started.append(arguments)
        return real(program, arguments, *rest, **options)

    monkeypatch.setattr(os, "posix_spawn", spawn)
    Store.open(path, readonly=True).close()
    assert not started
    Store.open(path).close()
    children = psutil.Process().children()
    assert [child for child in children if child.status() == psutil.STATUS_ZOMBIE] == []
    deadline = time.monotonic() + 20
    while not copies.listed(home):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    Store.open(path).close()
    assert len(started) == 1
    (made,) = copies.listed(home)
    assert copies.sound(made)


def test_seven_days_and_four_weeks_are_kept(store: Store, home: Path) -> None:
    age(store, home, 90)
    store._db.shed()
    made = [copy(home, days) for days in range(60)]
    same_day = copy(home, 0.0001)
    mine = copy(home, 50, label="mine")
    gone = daily.rotate(home)
    left = [path for path in made if path not in gone]
    assert left[:7] == made[:7]
    assert 8 <= len(left) <= 11
    weeks = {f"{datetime.fromtimestamp(when, UTC):%G-%V}" for when, _ in daily.times(home)}
    assert len(weeks) == 4
    assert mine.exists()
    assert same_day.exists() or made[0].exists()
    assert daily.rotate(home) == []


def test_nothing_goes_while_the_newest_copy_is_damaged(store: Store, home: Path) -> None:
    age(store, home, 90)
    store._db.shed()
    made = [copy(home, days) for days in range(1, 60)]
    newest = copy(home, 0)
    newest.write_bytes(b"nonsense" * 1000)
    assert daily.rotate(home) == []
    newest.unlink()
    assert len(daily.rotate(home)) > 40
    assert made[0].exists()


def test_the_copy_that_was_just_made_is_not_checked_again(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(store, home, 90)
    store._db.shed()
    for days in range(2, 60):
        copy(home, days)
    checked: list[Path] = []
    monkeypatch.setattr(copies, "sound", checked.append)
    made = daily.make(home / "localai.db")
    assert made in copies.listed(home)
    assert len(copies.listed(home)) < 20
    assert checked == []


def test_a_lock_that_cannot_be_made_is_told(home: Path) -> None:
    home.mkdir()
    (home / "backups.lock").mkdir()
    with pytest.raises(StoreError, match="cannot be made"), locks.copying(home):
        pass
