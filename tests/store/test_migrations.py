"""From every shipped schema to the present one: nothing is lost, whatever happens midway."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from localai.conversation import Completion, Message, Reasoning, Text, Timings
from localai.errors import StoreError
from localai.store import migrations, opening
from localai.store.connection import connect
from localai.store.driver import sqlite
from localai.store.rows import Origin
from localai.store.store import Store
from tests.faults.store_upgrade import M001, make_old, next_mood


def schema(db: sqlite.Connection) -> list[tuple[str, ...]]:
    return db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


@pytest.fixture
def old(file: Path) -> Path:
    """A database of the first schema."""
    file.parent.mkdir()
    make_old(file)
    return file


@pytest.fixture
def with_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, next_mood))


def test_the_first_step_is_the_one_that_shipped() -> None:
    with closing(sqlite.connect(":memory:", isolation_level=None)) as shipped:
        shipped.executescript(M001.read_text("utf-8"))
        with closing(sqlite.connect(":memory:", isolation_level=None)) as made:
            migrations.migrate(made, None, migrations.STEPS[:1])
            assert schema(made) == schema(shipped)


def test_the_first_schema_is_read_whole(old: Path) -> None:
    with Store.open(old) as store:
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
