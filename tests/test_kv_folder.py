"""The folder of saved caches: the oldest go first, and erasing reaches what is being written."""

from __future__ import annotations

import multiprocessing
import os
import stat
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.kv_folder import KvFolder


@pytest.fixture
def folder(tmp_path: Path) -> KvFolder:
    made = KvFolder(tmp_path / "cache" / "kv")
    made.make()
    return made


def put(folder: KvFolder, name: str, size: int, used: int = 0) -> Path:
    """A file that was last used at that second."""
    partial = folder.begin(name)
    partial.write_bytes(bytes(size))
    assert folder.finish(partial, name, folder.epoch)
    path = folder.path / f"{name}.kv"
    os.utime(path, (used, used))
    return path


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=8),
    st.integers(0, 200),
)
def test_what_was_used_last_is_kept_as_far_as_the_budget_goes(
    sizes_and_uses: list[tuple[int, int]], most: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = KvFolder(Path(place) / "kv")
        folder.make()
        for number, (size, used) in enumerate(sizes_and_uses):
            put(folder, f"{number:02}", size, used)
        before = folder.files()
        folder.trim(most)
        after = folder.files()
    assert sum(each.size for each in after) <= most
    gone = len(before) - len(after)
    assert after == before[gone:]
    if gone:  # and no more than needed
        assert sum(each.size for each in before[gone - 1 :]) > most


def test_everything_is_for_the_owner_alone(folder: KvFolder) -> None:
    put(folder, "a", 3)
    folder.begin("b")
    folder.erase()
    put(folder, "c", 3)
    everything = [folder.path, folder.path.parent, *folder.path.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in everything} == {0}


def test_erasing_leaves_no_file_of_a_conversation(folder: KvFolder) -> None:
    saved, partial = put(folder, "a", 3), folder.begin("b")
    assert sorted(folder.erase()) == sorted([saved, partial])
    assert {path.name for path in folder.path.iterdir()} == {"epoch", "lock"}


def test_what_was_begun_before_an_erasing_is_not_finished_after(folder: KvFolder) -> None:
    epoch = folder.epoch
    folder.erase()
    partial = folder.begin("late")
    assert not folder.finish(partial, "late", epoch)
    assert folder.files() == []
    assert folder.finish(partial, "late", folder.epoch)


def test_a_file_that_was_erased_while_it_was_written_cannot_be_finished(folder: KvFolder) -> None:
    partial = folder.begin("a")
    folder.erase()
    with pytest.raises(FileNotFoundError):
        folder.finish(partial, "a", folder.epoch)


def test_each_erasing_is_another_epoch(folder: KvFolder) -> None:
    epochs = {folder.epoch}
    for _ in range(3):
        folder.erase()
        epochs.add(folder.epoch)
    assert len(epochs) == 4


def test_what_a_dead_process_left_half_written_goes_but_not_what_is_being_written(
    folder: KvFolder,
) -> None:
    left, fresh = folder.begin("left"), folder.begin("fresh")
    long_ago = time.time() - 7200
    os.utime(left, (long_ago, long_ago))
    folder.trim(10**9)
    assert (left.exists(), fresh.exists()) == (False, True)


def test_without_the_folder_there_is_nothing(tmp_path: Path) -> None:
    folder = KvFolder(tmp_path / "none")
    assert (folder.files(), folder.erase(), folder.epoch) == ([], [], "")
    assert not folder.path.exists()


def fill(path: Path, who: int) -> None:
    folder = KvFolder(path)
    for number in range(30):
        name = f"{who}-{number}"
        partial = folder.begin(name)
        partial.write_bytes(bytes(10))
        assert folder.finish(partial, name, "")
        folder.trim(100)


def test_several_processes_share_the_budget(folder: KvFolder) -> None:
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=fill, args=(folder.path, who)) for who in range(3)]
    for each in others:
        each.start()
    for each in others:
        each.join()
    assert [each.exitcode for each in others] == [0, 0, 0]
    assert sum(each.size for each in folder.files()) == 100
