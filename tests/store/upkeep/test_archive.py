from __future__ import annotations

import io
import random
import stat
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localai.conversation import user
from localai.errors import StoreError
from localai.store import backup
from localai.store.driver import sqlite
from localai.store.store import Store
from localai.store.upkeep import archive
from tests.faults import store_canaries


@pytest.fixture
def whole_backup(store: Store, home: Path) -> Path:
    """A backup with an adapter and settings."""
    canary = store_canaries.canaries(1, 2)[0]
    store_canaries.plant(store, canary, 2)
    store_canaries.learn(store, home, canary)
    (home / "config.toml").write_text('model = "mine"\n', "utf-8")
    path = home / "backups" / "one.tar"
    store.write_backup(path)
    return path


def test_it_carries_data_adapters_and_settings_for_the_owner_alone(
    whole_backup: Path, tmp_path: Path, store: Store
) -> None:
    found = archive.unpack(whole_backup, tmp_path / "out")
    run = store.runs()[0].id
    assert [member.name for member in found.files] == [
        "localai.db",
        f"adapters/{run}/adapter.gguf",
        f"adapters/{run}/manifest.json",
        "config.toml",
    ]
    assert (found.conversations, found.messages) == (1, 6)
    assert (tmp_path / "out" / "config.toml").read_text("utf-8") == 'model = "mine"\n'
    assert stat.S_IMODE(whole_backup.stat().st_mode) == 0o600
    assert [path.name for path in whole_backup.parent.iterdir()] == [whole_backup.name]
    with tarfile.open(whole_backup) as tar:
        assert {member.mode for member in tar} == {0o600}


def test_a_changed_byte_changes_nothing_or_is_noticed(whole_backup: Path, tmp_path: Path) -> None:
    whole, good = whole_backup.read_bytes(), tmp_path / "good"
    archive.unpack(whole_backup, good)
    chance, noticed = random.Random(4), 0
    for number in range(40):
        broken = bytearray(whole)
        broken[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        whole_backup.write_bytes(broken)
        folder = tmp_path / str(number)
        try:
            found = archive.unpack(whole_backup, folder)
        except StoreError:
            noticed += 1
            continue
        for member in found.files:
            assert (folder / member.name).read_bytes() == (good / member.name).read_bytes()
    assert noticed > 30


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_is_said_while_it_is_made_is_no_reason_to_fail(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    tree = store.create_conversation("a").id
    store.add_message(tree, "", user("before"))
    sound = backup._verify

    def after_more(*arguments: Any) -> None:
        if elsewhere:
            with Store.open(home / "localai.db") as other:
                other.add_message(tree, "", user("meanwhile"))
        else:
            store.add_message(tree, "", user("meanwhile"))
        sound(*arguments)

    monkeypatch.setattr(backup, "_verify", after_more)
    assert store.write_backup(home / "backups" / "one.tar").messages == 1
    assert archive.verify(home / "backups" / "one.tar").messages == 1
    assert store.info()["messages"] == 2


def test_a_copy_without_all_rows_is_noticed(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create_conversation("a")
    sound = backup._verify

    def after_less(copy: Path, *rest: Any) -> None:
        with closing(sqlite.connect(str(copy))) as db, db:
            db.execute("DELETE FROM conversations")
        sound(copy, *rest)

    monkeypatch.setattr(backup, "_verify", after_less)
    with pytest.raises(StoreError, match="not complete"):
        store.write_backup(home / "backups" / "one.tar")
    assert not list((home / "backups").iterdir())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_cut_file_is_refused(whole_backup: Path, share: float) -> None:
    whole = whole_backup.read_bytes()  # a tar ends in padding, which may go
    whole_backup.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StoreError, match=r"is no whole backup|cannot be read"):
        archive.verify(whole_backup)


def hostile(path: Path, name: str, kind: bytes = tarfile.REGTYPE) -> None:
    """A well-made archive with one member that no backup has."""
    member = archive.Member(name, 1, "0" * 64)
    manifest = archive.Manifest("1", 0.0, 1, 0, 0, (member,))
    with tarfile.open(path, "w") as tar:
        for title, content in ((archive.MANIFEST, msgspec.json.encode(manifest)), (name, b"x")):
            info = tarfile.TarInfo(title)
            info.size = len(content)
            info.type = kind if title == name else tarfile.REGTYPE
            info.linkname = "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/tmp/x",
        "trusted.toml",
        "adapters/../../x/manifest.json",
        "localai.db-wal",
        "logs/x",
    ],
)
def test_names_of_no_backup_are_refused(tmp_path: Path, name: str) -> None:
    hostile(tmp_path / "a.tar", name)
    with pytest.raises(StoreError, match="lists files that no backup has"):
        archive.unpack(tmp_path / "a.tar", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    hostile(tmp_path / "a.tar", "config.toml", tarfile.SYMTYPE)
    with pytest.raises(StoreError, match="is not where it should be"):
        archive.unpack(tmp_path / "a.tar", tmp_path / "out")


def test_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"x" * 5000)
    for path in (tmp_path / "a.tar", tmp_path / "none.tar", tmp_path):
        with pytest.raises(StoreError, match=r"is no whole backup|cannot be read"):
            archive.verify(path)


def test_a_place_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"LOCALAI_HOME|No backup could be made"):
        store.write_backup(tmp_path / "file" / "x.tar")
    assert store.add_message(store.create_conversation().id, "", user("alive"))
