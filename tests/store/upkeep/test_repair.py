from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localai.conversation import user
from localai.errors import StoreError, StoreNewer
from localai.store.driver import sqlite
from localai.store.store import Store
from localai.store.upkeep import aside, pages
from localai.store.upkeep.repair import repair
from tests.faults import store_canaries, store_damage, store_salvage


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with some pages in its log, as an app that runs leaves it; and, beside it,
    `folded.db` without a log."""
    folder = tmp_path_factory.mktemp("made")
    store_damage.build(folder / "localai.db")
    (folder / "localai.db").rename(folder / "folded.db")
    return folder / "whole.db"


@pytest.fixture(scope="module")
def expected(whole: Path) -> store_salvage.Rows:
    return store_salvage.rows(whole.with_name("folded.db"))


def test_a_slice_of_the_damaged_copies(
    whole: Path, expected: store_salvage.Rows, tmp_path: Path
) -> None:
    tally = store_salvage.tally()
    for seed in range(6):
        store_salvage.repair_one(whole, tmp_path / str(seed), seed, expected, tally)
    assert tally.repaired[0] > 2
    assert tally.share("whole") >= 0.95


def test_a_file_that_lost_its_head_gives_back_everything(
    whole: Path, expected: store_salvage.Rows, tmp_path: Path
) -> None:
    path = tmp_path / "localai.db"
    content = b"\xff" * 4096 + whole.with_name("folded.db").read_bytes()[4096:]
    path.write_bytes(content)
    done = repair(path)
    assert done is not None
    assert store_salvage.rows(path) == expected
    assert done.kept.read_bytes() == content
    assert done.rows["messages"] == len(expected["messages"])


def test_commits_behind_a_broken_frame_of_the_log_come_back(
    whole: Path, expected: store_salvage.Rows, tmp_path: Path
) -> None:
    path, log = tmp_path / "localai.db", tmp_path / "localai.db-wal"
    shutil.copy(whole, path)
    content = bytearray(whole.with_name(f"{whole.name}-wal").read_bytes())
    assert not pages.lost_log(bytes(content))
    assert not pages.lost_log(bytes(content[:-700]))
    content[32 + 24 + 4000] ^= 1
    log.write_bytes(content)
    assert pages.lost_log(bytes(content))
    assert repair(path) is not None
    found = store_salvage.rows(path)
    assert len(found["messages"]) == len(expected["messages"])


def test_a_sound_history_is_left_alone(home: Path, store: Store) -> None:
    store.add_message(store.create_conversation().id, "", user("hello"))
    before = (home / "localai.db").stat()
    assert repair(home / "localai.db") is None
    assert (home / "localai.db").stat() == before
    assert repair(home / "none.db") is None


def test_a_broken_reference_is_mended(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        tree = store.create_conversation("a").id
        first = store.add_message(tree, "", user("one")).id
        lost = store.add_message(tree, first, user("lost")).id
        last = store.add_message(tree, lost, user("three")).id
    db = sqlite.connect(str(path), isolation_level=None)
    db.execute("DELETE FROM messages WHERE id = ?", (lost,))
    db.execute("DELETE FROM conversations")
    db.execute("INSERT INTO message_text (message_text) VALUES ('rebuild')")
    db.close()
    done = repair(path)
    assert done is not None
    with Store.open(path) as store:
        (found,) = store.conversations()
        assert (found.id, found.title, found.leaf) == (tree, "Recovered", last)
        assert [each.message.text for each in store.path(last)] == ["one", "three"]
        assert len(store.search("three")) == 1


def test_an_open_history_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "localai.db"
    with Store.open(path) as store:
        for number in range(2):
            tree = store.create_conversation("stays").id
            store.add_message(tree, "", user(f"stays {number}"))
    with (
        store_canaries.open_elsewhere(path),
        pytest.raises(StoreError, match="close it and try again"),
        aside.exclusively(path),
    ):
        pass


def test_a_newer_one_and_a_foreign_one_are_not_repaired(home: Path) -> None:
    path = home / "localai.db"
    Store.open(path).close()
    for statement, error in (
        ("PRAGMA user_version = 99", StoreNewer),
        ("PRAGMA application_id = 7", StoreError),
    ):
        db = sqlite.connect(str(path), isolation_level=None)
        db.execute(statement)
        if error is StoreError:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("DELETE FROM sqlite_schema")
            db.execute("CREATE TABLE recipes (name)")
        db.close()
        before = path.read_bytes()
        with pytest.raises(error):
            repair(path)
        assert path.read_bytes() == before


def test_where_nothing_can_be_read_nothing_is_changed(home: Path) -> None:
    path = home / "localai.db"
    home.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreError, match="Nothing of a history can be read"):
        repair(path)
    assert path.read_bytes() == b"Dear diary, " * 1000
    assert [each.name for each in home.iterdir() if "salvage" in each.name] == []
