"""Upgrades: a copy first, all of a step or nothing, and once."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from localai.errors import StoreError
from localai.store import migrations, opening
from localai.store.connection import connect
from localai.store.store import Store
from tests.faults.store_upgrade import make_old, next_mood, schema


@pytest.fixture
def old(file: Path) -> Path:
    """A database of the first schema."""
    file.parent.mkdir()
    make_old(file, 1)
    return file


@pytest.fixture
def with_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, next_mood))


@pytest.mark.usefixtures("with_next")
def test_an_upgrade_makes_a_verified_private_copy_first(old: Path) -> None:
    with Store.open(old) as store:
        assert store.info()["schema"] == len(migrations.STEPS)
        assert len(store.path(store.conversation("C01").leaf)) == 2
    (copy,) = (old.parent / "backups").iterdir()
    assert copy.name.startswith("localai-schema1-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(connect(copy, readonly=True, checkpoints=False)) as db:
        assert migrations.version(db, "copy", migrations.STEPS) == 1
        assert db.execute("SELECT count(*) FROM messages").fetchone() == (3,)
    copy.rename(old.with_name("restored.db"))
    with Store.open(old.with_name("restored.db")) as restored:
        assert restored.info()["journal_mode"] == "wal"
        assert restored.info()["schema"] == len(migrations.STEPS)
        assert restored.info()["messages"] == 3


@pytest.mark.usefixtures("with_next")
def test_a_reader_upgrades_too(old: Path) -> None:
    with Store.open(old, readonly=True) as store:
        assert store.info()["schema"] == len(migrations.STEPS)


@pytest.mark.usefixtures("with_next")
def test_no_copy_no_upgrade(old: Path) -> None:
    (old.parent / "backups").touch()
    before = old.read_bytes()
    with pytest.raises(StoreError, match="backups"):
        Store.open(old)
    assert old.read_bytes() == before


@pytest.mark.parametrize("statement", range(2))
def test_a_step_that_fails_midway_changes_nothing(old: Path, statement: int) -> None:
    def failing(db: Database) -> None:
        if statement:
            next_mood(db)
        raise ZeroDivisionError

    with closing(connect(old, readonly=False, checkpoints=False)) as db:
        before = schema(db)
        with pytest.raises(ZeroDivisionError):
            migrations.migrate(db, old, (*migrations.STEPS[:1], failing))
        assert not db.in_transaction
        assert schema(db) == before
        assert migrations.version(db, "old", migrations.STEPS) == 1
    with Store.open(old) as store:
        assert len(store.path(store.conversation("C01").leaf)) == 2


def test_opening_prepares_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(file).close()

    def never(path: Path) -> None:
        raise AssertionError(path)

    monkeypatch.setattr(opening, "_prepare", never)
    Store.open(file).close()
    Store.open(file, readonly=True).close()
