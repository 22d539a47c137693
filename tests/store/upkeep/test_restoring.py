from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from localai.conversation import assistant, user
from localai.errors import StoreDamaged, StoreError, StoreNewer
from localai.store import connection
from localai.store.backup import back_up
from localai.store.drafts import Draft, Node
from localai.store.driver import sqlite
from localai.store.store import Store
from localai.store.upkeep import restoring
from localai.store.upkeep.merging import Merged
from tests.faults import store_canaries, store_upgrade


def say(store: Store, text: str) -> str:
    tree = store.create_conversation(text).id
    store.add_message(tree, "", user(text))
    return tree


def titles(home: Path) -> list[str]:
    with Store.open(home / "localai.db", readonly=True) as store:
        return sorted(tree.title for tree in store.conversations())


def restore(backup: Path, home: Path) -> Path | None:
    with restoring.candidate(backup, home) as found:
        return restoring.restore(found, home / "localai.db").kept


@pytest.mark.parametrize("kind", ["tar", "db"])
def test_what_was_replaced_can_be_restored_in_turn(store: Store, home: Path, kind: str) -> None:
    say(store, "before")
    if kind == "tar":
        backup = home / "backups" / "one.tar"
        store.write_backup(backup)
    else:
        backup = back_up(store._db.connection, home / "localai.db", "daily")
    say(store, "after")
    kept = restore(backup, home)
    # The store stayed open all the time.
    assert [tree.title for tree in store.conversations()] == ["before"]
    assert len(store.search("before")) == 1
    say(store, "later")
    assert titles(home) == ["before", "later"]
    assert kept is not None
    restore(kept, home)
    assert titles(home) == ["after", "before"]
    assert store.info()["check"] == "ok"
    assert not list(home.glob("*.partial"))


@pytest.mark.parametrize("when", ["_keep_present", "_exchange"])
def test_what_is_said_meanwhile_is_not_overwritten(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    say(store, "before")
    store.write_backup(home / "backups" / "one.tar")
    step = getattr(restoring, when)

    def and_say(*arguments: Any) -> object:
        if when == "_exchange":
            say(store, "meanwhile")
            return step(*arguments)
        done = step(*arguments)
        say(store, "meanwhile")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(restoring, when, and_say)
        with pytest.raises(StoreError, match="close the other localai"):
            restore(home / "backups" / "one.tar", home)
    assert titles(home) == ["before", "meanwhile"]
    assert store.info()["check"] == "ok"
    restore(home / "backups" / "one.tar", home)
    assert titles(home) == ["before"]


@pytest.mark.parametrize("late", [False, True])
def test_a_history_that_stays_locked_is_not_waited_for_without_end(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    say(store, "before")
    store.write_backup(home / "backups" / "one.tar")
    for module in (connection, restoring):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0.1)
    exchange = restoring._exchange

    def locked(*arguments: Any) -> None:
        store._db.connection.execute("BEGIN IMMEDIATE")
        exchange(*arguments)

    if late:
        monkeypatch.setattr(restoring, "_exchange", locked)
    else:
        store._db.connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        restore(home / "backups" / "one.tar", home)
    store._db.connection.execute("ROLLBACK")
    assert titles(home) == ["before"]
    assert len(list((home / "backups").iterdir())) == 1 + late


def test_on_another_machine_adapters_and_settings_are_there(
    store: Store, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = store_canaries.canaries(1, 2)[0]
    store_canaries.plant(store, canary, 2)
    made = store_canaries.learn(store, home, canary)
    (home / "config.toml").write_text('model = "mine"\n', "utf-8")
    store.write_backup(tmp_path / "one.tar")
    there = tmp_path / "there"
    monkeypatch.setenv("LOCALAI_HOME", str(there))
    assert restore(tmp_path / "one.tar", there) is None
    with Store.open() as other:
        active = other.active_adapter("b")
        assert active is not None
        assert Path(active.file) == there / "adapters" / made.run / "adapter.gguf"
        assert Path(active.file).read_bytes() == Path(made.file).read_bytes()
        assert other.corrections() == store.corrections()
    assert (there / "config.toml").read_text("utf-8") == 'model = "mine"\n'


@pytest.mark.parametrize("fails", [False, True])
def test_what_has_the_same_name_is_kept(
    store: Store, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    canary = store_canaries.canaries(1, 2)[0]
    store_canaries.plant(store, canary, 2)
    made = Path(store_canaries.learn(store, home, canary).file)
    learned, settings = made.read_bytes(), home / "config.toml"
    settings.write_text('model = "mine"\n', "utf-8")
    store.write_backup(tmp_path / "one.tar")
    with restoring.candidate(tmp_path / "one.tar", home) as found:
        assert restoring.restore(found, home / "localai.db").settings is None
    assert [each.name for each in made.parent.parent.iterdir()] == [made.parent.name]
    made.write_bytes(b"another")
    settings.write_bytes(b"\xff not even text")
    with restoring.candidate(tmp_path / "one.tar", home) as found:
        if fails:
            numbers = iter(range(9))
            monkeypatch.setattr(restoring, "_version", lambda _: next(numbers))
            with pytest.raises(StoreError, match="Nothing was replaced"):
                restoring.restore(found, home / "localai.db")
            assert made.read_bytes() == b"another"
            assert settings.read_bytes() == b"\xff not even text"
            return
        done = restoring.restore(found, home / "localai.db")
    assert (made.read_bytes(), settings.read_text("utf-8")) == (learned, 'model = "mine"\n')
    assert done.settings is not None
    assert done.settings.read_bytes() == b"\xff not even text"
    (kept,) = made.parent.parent.glob("*.before-restore-*")
    assert (kept / "adapter.gguf").read_bytes() == b"another"


def test_what_was_allowed_elsewhere_is_not_allowed_here(
    store: Store, home: Path, tmp_path: Path
) -> None:
    store.decide("python", "sha", allowed=True)
    say(store, "a")
    store.write_backup(tmp_path / "one.tar")
    assert store.decisions()
    restore(tmp_path / "one.tar", home)
    assert not store.decisions()
    assert titles(home) == ["a"]


def test_the_programs_that_settings_start_are_named(
    store: Store, home: Path, tmp_path: Path
) -> None:
    (home / "config.toml").write_text('[mcp.x]\ncommand = ["sh", "-c", "id"]\n', "utf-8")
    store.write_backup(tmp_path / "one.tar")
    with restoring.candidate(tmp_path / "one.tar", home) as found:
        assert found.servers == ("x: sh -c id",)


def test_merging_adds_what_is_not_there_and_nothing_the_second_time(
    store: Store, home: Path, tmp_path: Path
) -> None:
    canary = store_canaries.canaries(1, 2)[0]
    tree = store_canaries.plant(store, canary, 3)
    gone, stays = say(store, "gone"), say(store, "stays")
    before = store.path(store.conversation(tree).leaf), store.corrections()
    whole = [store.message(message.id) for message in before[0]]
    store.write_backup(tmp_path / "one.tar")
    store.purge(tree)
    store.purge(gone)
    store.delete(stays)
    say(store, "new")
    with restoring.candidate(tmp_path / "one.tar", home) as found:
        added = store.merge(found)
        assert (added.conversations, added.messages, added.there) == (2, 7, 1)
        assert store.merge(found) == Merged(0, 0, 3)
    assert (store.path(store.conversation(tree).leaf), store.corrections()) == before
    assert [store.message(message.id) for message in before[0]] == whole
    assert len(store.conversations()) == 3
    assert len(store.search(canary.word)) == 3
    assert store._db.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_what_both_histories_imported_is_there_twice_and_goes_on_in_the_present_one(
    store: Store, home: Path, tmp_path: Path
) -> None:
    nodes = (Node(-1, user("Why?"), 1.0), Node(0, assistant("Because."), 2.0))
    draft = Draft("Elsewhere", "", 1.0, 2.0, nodes, 1, "chatgpt:one")
    with Store.open(tmp_path / "there" / "localai.db") as other:
        (theirs,) = other.add_drafts([draft])
        later = say(other, "later")
        other.write_backup(tmp_path / "one.tar")
    (ours,) = store.add_drafts([draft])
    with restoring.candidate(tmp_path / "one.tar", home) as found:
        assert store.merge(found) == Merged(2, 3, 0)
    assert {row.leaf for row in store.conversations()} >= {ours.leaf, theirs.leaf}
    assert store.conversation(later).title == "later"
    longer = replace(draft, nodes=(*nodes, Node(1, user("Really?"), 3.0)), leaf=2)
    (grown,) = store.add_drafts([longer])
    assert (grown.new, grown.added) == (False, 1)
    assert store.message(grown.leaf).parent == ours.leaf


def test_a_backup_of_an_older_schema_is_brought_up_to_date(home: Path, tmp_path: Path) -> None:
    store_upgrade.make_old(tmp_path / "old.db", 2)
    before = (tmp_path / "old.db").read_bytes()
    restore(tmp_path / "old.db", home)
    with Store.open(home / "localai.db") as store:
        assert store.info()["messages"] == store_upgrade.ROWS[2][0]
        assert store.search("paris")
    assert (tmp_path / "old.db").read_bytes() == before


@pytest.mark.parametrize(
    ("sql", "error"),
    [("PRAGMA user_version = 99", StoreNewer), ("PRAGMA application_id = 1", StoreError)],
)
def test_what_is_newer_or_foreign_changes_nothing(
    store: Store, home: Path, sql: str, error: type[StoreError]
) -> None:
    say(store, "present")
    backup = back_up(store._db.connection, home / "localai.db", "daily")
    db = sqlite.connect(str(backup))
    db.execute(sql)
    db.close()
    with pytest.raises(error):
        restore(backup, home)
    assert titles(home) == ["present"]
    assert [path.name for path in (home / "backups").iterdir()] == [backup.name]


def test_a_damaged_backup_changes_nothing(store: Store, home: Path) -> None:
    say(store, "present " * 5000)
    backup = back_up(store._db.connection, home / "localai.db", "daily")
    content = bytearray(backup.read_bytes())
    content[8192:12288] = bytes(4096)
    backup.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"):
        restore(backup, home)
    assert len(titles(home)) == 1


def test_a_damaged_present_is_set_aside(home: Path) -> None:
    path = home / "localai.db"
    with Store.open(path) as store:
        say(store, "good")
        backup = back_up(store._db.connection, path, "daily")
    path.write_bytes(b"nonsense" * 2000)
    with pytest.raises(StoreDamaged):
        Store.open(path)
    kept = restore(backup, home)
    assert kept is not None
    assert kept.read_bytes() == b"nonsense" * 2000
    assert titles(home) == ["good"]


def test_there_is_no_such_file(home: Path) -> None:
    with pytest.raises(StoreError, match="There is no file"):
        restore(home / "none.tar", home)
