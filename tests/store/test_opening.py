"""Opening: private files, what is refused in plain words, and what is left untouched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localai.conversation import user
from localai.errors import StoreDamaged, StoreError, StoreNewer
from localai.store.driver import sqlite
from localai.store.migrations import STEPS
from localai.store.store import Store


@contextmanager
def plain(file: Path) -> Iterator[sqlite.Connection]:
    """The file through SQLite alone."""
    connection = sqlite.connect(str(file), isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def test_everything_is_private(file: Path) -> None:
    before = os.umask(0)
    try:
        with Store.open(file) as store:
            store.create_conversation()
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {
        "localai.db": 0o600,
        "localai.db-wal": 0o600,
        "localai.db-shm": 0o600,
        "localai.db.lock": 0o600,
    }
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_file_that_was_opened_up_is_closed_again(file: Path) -> None:
    Store.open(file).close()
    file.chmod(0o644)
    Store.open(file).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_usual_place_follows_localai_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "a b%20?c#d"))
    with Store.open() as store:
        made = store.create_conversation()
    with Store.open(tmp_path / "a b%20?c#d" / "localai.db", readonly=True) as store:
        assert store.conversations() == (made,)


def test_a_reader_sees_commits_and_cannot_write(file: Path) -> None:
    with Store.open(file, readonly=True) as reader, Store.open(file) as writer:
        made = writer.create_conversation("a")
        assert reader.conversations() == (made,)
        with pytest.raises(StoreError):
            reader.rename(made.id, "b")
        assert reader.conversation(made.id).title == "a"


def test_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    with Store.memory() as store:
        tree = store.create_conversation("a")
        store.add_message(tree.id, "", user("hello"))
        assert len(store.search("hello")) == 1
        assert store.info()["messages"] == 1
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_new_store(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    with Store.open(file) as store:
        assert store.conversations() == ()


def test_a_lock_that_cannot_be_made_is_one_plain_sentence(file: Path) -> None:
    """As in a folder that can only be read. The lock's place is taken by a folder here,
    which stops root, too."""
    file.parent.mkdir()
    file.with_name(f"{file.name}.lock").mkdir()
    with pytest.raises(StoreError, match=r"cannot be written \([^\[\]]+\); check who owns"):
        Store.open(file)


def test_a_newer_schema_is_refused_untouched(file: Path) -> None:
    Store.open(file).close()
    with plain(file) as db:
        db.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    for readonly in (False, True):
        with pytest.raises(StoreNewer, match="newer localai"):
            Store.open(file, readonly=readonly)
    assert file.read_bytes() == before


def test_a_database_of_another_program_is_refused_untouched(file: Path) -> None:
    file.parent.mkdir()
    with plain(file) as db:
        db.execute("CREATE TABLE recipes (name)")
    before = file.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store.open(file)
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreDamaged, match="left as it is"):
        Store.open(file)
    assert file.read_bytes() == b"Dear diary, " * 1000


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path / "folder")
    with pytest.raises(StoreError, match="LOCALAI_HOME"):
        Store.open(tmp_path / "file" / "localai.db")
    with pytest.raises(StoreError, match="LOCALAI_HOME"):
        Store.open(Path("/proc/localai.db"))


def test_what_is_locked_for_too_long(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localai.store.connection.BUSY_SECONDS", 0.01)
    with Store.open(file) as store, plain(file) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            store.create_conversation()
        assert store.conversations() == ()
        other.execute("ROLLBACK")
        store.create_conversation()


def test_the_settings_of_a_connection(store: Store, file: Path) -> None:
    info = store.info()
    assert (info["journal_mode"], info["synchronous"], info["check"]) == ("wal", 2, "ok")
    assert (info["path"], info["schema"]) == (str(file), len(STEPS))
    assert info["trusted"] or info["library"] == "sqlite3"
    for kind in ("conversations", "messages", "corrections", "adapters"):
        assert info[kind] == 0
    db = store._db.connection
    for pragma in ("foreign_keys", "secure_delete", "fullfsync", "checkpoint_fullfsync"):
        assert db.execute(f"PRAGMA {pragma}").fetchone() == (1,)


def test_only_who_checkpoints_folds_the_log_in(file: Path) -> None:
    for checkpoints, pages in ((False, 0), (True, 1000)):
        with Store.open(file, checkpoints=checkpoints) as store:
            found = store._db.connection.execute("PRAGMA wal_autocheckpoint").fetchone()
            assert found == (pages,)


def test_listing_the_history_loads_nothing_slow(file: Path) -> None:
    Store.open(file).close()
    program = (
        "import sys; from pathlib import Path; from localai.store.store import Store\n"
        "with Store.open(Path(sys.argv[1]), readonly=True) as store: store.conversations()\n"
        "print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
    )
    slow = {"sqlite_utils", "numpy", "click", "ulid", "filelock", "psutil", "pydantic"}
    assert slow.isdisjoint(ran.stdout.split())


def test_what_exists_is_opened_by_one_that_may_change_nothing(file: Path) -> None:
    assert Store.existing(file) is None
    assert not file.parent.exists()
    with Store.open(file) as store:
        made = store.create_conversation("before")
        reader = Store.existing(file)
        assert reader is not None
        with reader:
            with store._db.write() as db:
                db.execute("UPDATE conversations SET title = 'after'")
                assert reader.conversation(made.id).title == "before"
            with pytest.raises(StoreError):
                reader.rename(made.id, "x")


def test_an_empty_file_holds_nothing_yet(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert Store.existing(file) is None
    assert file.stat().st_size == 0


def test_an_older_schema_is_not_migrated_in_passing(file: Path) -> None:
    Store.open(file).close()
    with plain(file) as db:
        db.execute("PRAGMA user_version=1")
    with pytest.raises(StoreError, match="of an older localai; run localai history list once"):
        Store.existing(file)
    with plain(file) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
