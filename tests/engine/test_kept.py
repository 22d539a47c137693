"""The files of saved caches: what serves a prompt best, and what is damaged or foreign."""

from __future__ import annotations

import random
import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine import kept
from localai.engine.kept import Broken, Shelf, superseded
from localai.kv_folder import KvFolder

KEY, OTHER = b"k" * 32, b"o" * 32
IDS = st.lists(st.integers(0, 2), min_size=1, max_size=8)


def no() -> bool:
    return False


def write(path: Path, ids: Sequence[int], key: bytes = KEY, values: bytes = b"values") -> Path:
    """A file as llama.cpp and the seal make it."""
    head = kept.HEAD.pack(kept.MAGIC, 3, len(ids))
    path.write_bytes(head + array("i", ids).tobytes() + values)
    assert kept.seal(path, key, no)
    return path


def put(folder: KvFolder, ids: Sequence[int], key: bytes = KEY) -> Path:
    return write(folder.path / f"{kept.name(key, ids)}.kv", ids, key)


@pytest.fixture
def folder(tmp_path: Path) -> KvFolder:
    made = KvFolder(tmp_path / "kv")
    made.make()
    return made


def naive(saved: list[list[int]], ids: list[int], partial: bool, room: int) -> int:
    """The most that any of them saves."""
    most = 0
    for held in saved:
        for n in range(1, len(ids)):
            whole = partial or n == len(held)
            if held[:n] == ids[:n] and len(held) >= n and whole and len(held) <= room:
                most = max(most, n)
    return most


@given(st.lists(IDS, max_size=6), IDS, st.booleans(), st.integers(1, 9))
def test_the_longest_beginning_that_can_be_used_is_found(
    saved: list[list[int]], ids: list[int], partial: bool, room: int
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = KvFolder(Path(place) / "kv")
        folder.make()
        for held in saved:
            put(folder, held)
            put(folder, [*held, 1], OTHER)  # of another adapter: never found
        best = Shelf(folder, KEY).best(ids, partial=partial, room=room)
    assert (best.shared if best else 0) == naive(saved, ids, partial, room)
    assert best is None or list(best.ids) in saved


def test_of_two_that_serve_alike_the_shorter_one_is_taken(folder: KvFolder) -> None:
    put(folder, [1, 2, 3, 4, 5])
    short = put(folder, [1, 2, 3])
    best = Shelf(folder, KEY).best([1, 2, 3, 9, 9], partial=True, room=99)
    assert best is not None
    assert best.path == short


@given(st.data())
def test_any_changed_or_missing_byte_is_noticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = write(Path(place) / "a.kv", range(20), values=bytes(50))
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        flipped = bytearray(whole)
        flipped[at] ^= 1 << data.draw(st.integers(0, 7))
        for damaged in (bytes(flipped), whole[:at], whole + b"x"):
            path.write_bytes(damaged)
            with pytest.raises(Broken):
                kept.check(path, KEY)
        path.write_bytes(whole)
        kept.check(path, KEY)


def test_damaged_and_foreign_files_of_the_key_are_removed_and_others_stay(
    folder: KvFolder,
) -> None:
    good, of_another = put(folder, [1, 2, 3]), put(folder, [1, 2, 3], OTHER)
    random_bytes = random.Random(1).randbytes
    prefix = kept.name(KEY, [])[:17]
    for number in range(100):
        (folder.path / f"{prefix}{number:02}.kv").write_bytes(random_bytes(number))
    renamed = folder.path / f"{prefix}renamed.kv"
    of_another.rename(renamed)
    assert [each.path for each in Shelf(folder, KEY).all([1])] == [good]
    assert [each.path for each in folder.files()] == [good]


def test_a_head_that_promises_too_much_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "a.kv"
    path.write_bytes(kept.HEAD.pack(kept.MAGIC, 3, 1 << 30) + b"few")
    assert kept.seal(path, KEY, no)
    with pytest.raises(Broken):
        kept.ids_of(path, KEY)


def test_a_longer_one_replaces_those_it_holds_nearly_whole(folder: KvFolder) -> None:
    ids = list(range(100))
    inside, nearly = put(folder, ids[:50]), put(folder, [*ids[:57], 7, 7, 7])
    put(folder, [*ids[:30], *ids[:30]])
    put(folder, [*ids, 1])
    assert set(superseded(Shelf(folder, KEY).all(ids), ids)) == {inside, nearly}


def test_sealing_stops_for_somebody_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.kv"
    path.write_bytes(bytes(100))
    assert not kept.seal(path, KEY, lambda: True)
    assert path.read_bytes() == bytes(100)
