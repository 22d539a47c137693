"""Saved caches on disk: the form of a file, which may be used, which serves a prompt best.

A file is what llama.cpp writes (see `llama_state`): magic, version, number of ids, the ids,
the keys and values. After it comes a seal of ours, with the key of what computed it and a
checksum over all before it: llama.cpp checks sizes alone, and would answer from damaged
values. Names only help to find; what counts is in the file. No llama.cpp here.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from localai.engine.prefix import common
from localai.kv_folder import SUFFIX, KvFolder

HEAD = struct.Struct("=4sII")
"""llama.cpp's magic, its version, the number of ids; the machine's own byte order."""
MAGIC = struct.pack("=I", 0x67677371)
SEAL = struct.Struct("=8s32sQI")
"""Our mark, the key, the number of bytes before the seal, their CRC-32."""
MARK = b"localai1"
ID = 4
CHUNK = 1 << 20
OVERLAP = 0.9
"""Share of an older file that a newer one must hold for the older to be of no more use."""


class Broken(Exception):
    """The file is damaged or not ours."""


class Candidate(NamedTuple):
    """A saved cache that holds `ids`, of which the prompt has the first `shared`."""

    path: Path
    ids: array[int]
    shared: int


def name(key: bytes, ids: Sequence[int]) -> str:
    """What a file is called, without its suffix."""
    return f"{_prefix(key)}{hashlib.sha256(array('i', ids).tobytes()).hexdigest()[:16]}"


def seal(path: Path, key: bytes, stop: Callable[[], bool]) -> bool:
    """Complete what llama.cpp has written; False when `stop` said so. Raises OSError, Broken."""
    with path.open("r+b") as file:
        length = file.seek(0, os.SEEK_END)
        checksum = _checksum(file, length, stop)
        if checksum is None:
            return False
        file.write(SEAL.pack(MARK, key, length, checksum))
    return True


def ids_of(path: Path, key: bytes) -> array[int]:
    """The ids in a file that was computed under `key`. Raises OSError, Broken."""
    with path.open("rb") as file:
        length = _sealed(file, key)[0]
        file.seek(0)
        magic, _, count = HEAD.unpack(file.read(HEAD.size))
        if magic != MAGIC or HEAD.size + ID * count > length:
            raise Broken(path)
        ids = array("i")
        ids.frombytes(file.read(ID * count))
    return ids


def check(path: Path, key: bytes) -> None:
    """Read a file whole. Raises OSError, or Broken when a byte is not as it was written."""
    with path.open("rb") as file:
        length, checksum = _sealed(file, key)
        if _checksum(file, length, lambda: False) != checksum:
            raise Broken(path)


class Shelf:
    """The saved caches of one key in a folder."""

    def __init__(self, folder: KvFolder, key: bytes) -> None:
        self._folder, self._key = folder, key

    def all(self, ids: Sequence[int]) -> list[Candidate]:
        """Every sound one, held against `ids`; what is damaged is removed. Raises OSError."""
        found = []
        for each in self._folder.files(f"{_prefix(self._key)}*{SUFFIX}"):
            try:
                held = ids_of(each.path, self._key)
            except FileNotFoundError:
                continue  # another process was faster
            except Broken:
                each.path.unlink(missing_ok=True)
                continue
            found.append(Candidate(each.path, held, common(held, ids)))
        return found

    def best(self, ids: Sequence[int], *, partial: bool, room: int) -> Candidate | None:
        """The one that saves most of reading `ids`, whose last one is always read.

        It must fit into `room` tokens; where it cannot be cut back (`partial` False), it must
        be the beginning of the prompt as it is.
        """
        most = len(ids) - 1
        usable = [
            each._replace(shared=min(each.shared, most))
            for each in self.all(ids)
            if len(each.ids) <= room and (partial or each.shared == len(each.ids) <= most)
        ]
        # Of those that serve alike the shortest: it is read fastest.
        return max(usable, key=lambda each: (each.shared, -len(each.ids)), default=None)


def superseded(saved: Sequence[Candidate], ids: Sequence[int]) -> list[Path]:
    """Those that are of no more use beside one that holds `ids`."""
    return [
        each.path
        for each in saved
        if each.shared >= OVERLAP * len(each.ids) and len(each.ids) < len(ids)
    ]


def _prefix(key: bytes) -> str:
    return f"{key.hex()[:16]}-"


def _sealed(file: BinaryIO, key: bytes) -> tuple[int, int]:
    """How many bytes are before the seal, and their checksum by it."""
    size = file.seek(0, os.SEEK_END)
    if size < HEAD.size + SEAL.size:
        raise Broken(file.name)
    file.seek(size - SEAL.size)
    mark, written, length, checksum = SEAL.unpack(file.read(SEAL.size))
    if (mark, written, length) != (MARK, key, size - SEAL.size):
        raise Broken(file.name)
    return length, checksum


def _checksum(file: BinaryIO, length: int, stop: Callable[[], bool]) -> int | None:
    """The CRC-32 of the first `length` bytes, None when `stop` said so; reads on from there."""
    file.seek(0)
    value, left = 0, length
    while left:
        if stop():
            return None
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            raise Broken(file.name)
        value, left = zlib.crc32(chunk, value), left - len(chunk)
    return value
