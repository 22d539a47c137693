"""The folder of saved caches while one is saved: full, gone, erased or not wanted."""

from __future__ import annotations

import os
import shutil
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from localai.engine import keeper as keeping
from localai.engine import kept
from localai.engine.base import LoadOptions
from localai.kv_folder import KvFolder
from tests.engine.keeping import started
from tests.engine.running import TALE


def test_each_file_is_looked_into_once_for_a_saving(
    options: LoadOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(options) as rig:
        ids = rig.ids(TALE)
        rig.go_on(ids, n=1)
        assert rig.save() == 1
        rig.go_on(ids, n=60)
        looked: list[Path] = []
        ids_of = kept.ids_of

        def watched(path: Path, key: bytes) -> array[int]:
            looked.append(path)
            return ids_of(path, key)

        (before,) = rig.folder.files()
        monkeypatch.setattr(kept, "ids_of", watched)
        assert rig.save() == 1
        assert rig.folder.files() != [before]
        assert looked == [before.path]


def test_a_file_that_is_cut_short_while_it_is_sealed_is_not_kept(
    options: LoadOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(options) as rig:
        rig.go_on(rig.ids(TALE))
        checksum = kept._checksum

        def shortened(file: BinaryIO, length: int, stop: Callable[[], bool]) -> int | None:
            os.truncate(file.name, length // 2)
            return checksum(file, length, stop)

        monkeypatch.setattr(kept, "_checksum", shortened)
        assert rig.save() == 0
        assert {path.name for path in rig.folder.path.iterdir()} == {"lock"}


def test_a_full_disk_and_a_small_budget_save_nothing(
    options: LoadOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(msgspec.structs.replace(options, kv_disk=1000)) as rig:
        rig.go_on(rig.ids(TALE))
        assert rig.save() == 0
    with started(options) as rig:
        rig.go_on(rig.ids(TALE))
        monkeypatch.setattr(keeping, "FREE", 1 << 62)
        assert rig.save() == 0


def test_a_folder_that_cannot_be_used_is_no_failure(options: LoadOptions, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with started(msgspec.structs.replace(options, kv_folder=str(tmp_path / "file" / "kv"))) as rig:
        rig.go_on(rig.ids(TALE))
        assert rig.save() == 0
    with started(options) as rig:
        rig.go_on(rig.ids(TALE))
        shutil.rmtree(rig.folder.path)
        assert rig.save() == 0


def test_no_budget_erases_and_no_folder_does_nothing(options: LoadOptions, tmp_path: Path) -> None:
    with started(options) as rig:
        rig.go_on(rig.ids(TALE))
        assert rig.save() == 1
    with started(msgspec.structs.replace(options, kv_folder="")) as rig:
        rig.go_on(rig.ids(TALE))
        rig.save()
    assert len(KvFolder(tmp_path / "kv").files()) == 1
    with started(msgspec.structs.replace(options, kv_disk=0)) as rig:
        rig.go_on(rig.ids(TALE))
        assert rig.save() == 0


def test_without_a_folder_no_file_is_looked_for(
    options: LoadOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    looked: list[Path] = []
    epoch = KvFolder.epoch

    def watched(folder: KvFolder) -> str:
        looked.append(folder.path)
        return str(epoch.__get__(folder))

    monkeypatch.setattr(KvFolder, "epoch", property(watched))
    with started(msgspec.structs.replace(options, kv_folder="")) as rig:
        (tmp_path / "epoch").write_text("somebody else's")
        assert not rig.keeper.outdated()
    assert looked == []
    with started(options) as rig:
        assert not rig.keeper.outdated()
    assert looked == [tmp_path / "kv"] * 2


def test_after_forgetting_what_is_in_memory_is_not_saved(options: LoadOptions) -> None:
    with started(options) as rig:
        rig.go_on(rig.ids(TALE))
        assert not rig.keeper.outdated()
        rig.folder.erase()
        assert rig.save() == 0  # even by who has not looked
        assert rig.keeper.outdated()
        assert not rig.keeper.outdated()


def test_an_erasing_in_the_middle_of_saving_wins(
    options: LoadOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(options) as rig:
        rig.go_on(rig.ids(TALE))
        sealed = kept.seal

        def erased_meanwhile(path: Path, key: bytes, stop: Callable[[], bool]) -> bool:
            done = sealed(path, key, stop)
            rig.folder.erase()
            return done

        monkeypatch.setattr(kept, "seal", erased_meanwhile)
        assert rig.save() == 0
        assert {path.name for path in rig.folder.path.iterdir()} == {"epoch", "lock"}
