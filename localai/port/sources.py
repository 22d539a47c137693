"""The files that an export consists of: one file, those in a zip, or those in a folder.

Nothing is unpacked to disk, and nothing is read whole. What the bytes mean is not known here.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, cast

from localai.errors import LocalaiError

MOST_RATIO = 200
"""Times that JSON may be larger than its zipped form; real exports stay below 40."""
FREE_BYTES = 64 * 1024 * 1024
"""Bytes of a zipped file that are read whatever the ratio."""

ENDINGS = (".json", ".jsonl", ".ndjson", ".md")
"""Of the files in a zip or a folder, those that are looked into."""
# These three are in exports and hold no conversations.
_OTHERS = ("users.json", "user.json", "projects.json", "memories.json", "message_feedback.json")


class PortError(LocalaiError):
    """A file cannot be read as conversations, or none can be written."""


class Stream(Protocol):
    """Bytes in order."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...

    def readline(self, size: int, /) -> bytes:
        """Up to and with the next line end, at most `size` bytes."""
        ...


class Source(NamedTuple):
    """One file of an export; `size` in bytes. `open` it once."""

    name: str
    size: int
    path: Path
    member: str = ""

    @contextmanager
    def open(self) -> Iterator[Stream]:
        """The file's bytes, unzipped where it is in a zip. Raises PortError."""
        with _plain_words(self.name):
            if not self.member:
                with self.path.open("rb") as file:
                    yield file
                return
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as packed:
                packed_size = archive.getinfo(self.member).compress_size
                yield _Guarded(cast("BinaryIO", packed), packed_size, self.name)


def sources(path: Path) -> tuple[Source, ...]:
    """The files at `path` to read, in order of name. Raises PortError for none."""
    with _plain_words(str(path)):
        if path.is_dir():
            names = {each.name: each for each in path.iterdir() if each.is_file()}
            found = [Source(n, names[n].stat().st_size, names[n]) for n in _wanted(list(names))]
        elif not path.is_file():
            raise PortError(f"There is no file {path}; check its name.")
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                sizes = {each.filename: each.file_size for each in archive.infolist()}
            found = [Source(name, sizes[name], path, name) for name in _wanted(list(sizes))]
        else:
            return (Source(path.name, path.stat().st_size, path),)
    if not found:
        raise PortError(f"{path} holds no JSON file; give the export as it was downloaded.")
    return tuple(found)


def _wanted(names: list[str]) -> list[str]:
    """Those that may hold conversations."""
    base = {name: name.rpartition("/")[2].lower() for name in names}
    told = sorted(
        name
        for name in names
        if base[name].startswith("conversations") and base[name].endswith(".json")
    )
    rest = (name for name in names if base[name].endswith(ENDINGS) and base[name] not in _OTHERS)
    return told or sorted(rest)


class _Guarded:
    """A zipped file that stops when it is a bomb."""

    def __init__(self, stream: BinaryIO, packed: int, name: str) -> None:
        self._stream, self._name = stream, name
        self._left = max(FREE_BYTES, packed * MOST_RATIO)

    def read(self, size: int, /) -> bytes:
        """As `Stream.read`."""
        return self._counted(self._stream.read(size))

    def readline(self, size: int, /) -> bytes:
        """As `Stream.readline`."""
        return self._counted(self._stream.readline(size))

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise PortError(
                f"{self._name} unpacks to more than {MOST_RATIO} times its size, as no export "
                "does; unpack it yourself and import the file if you trust it."
            )
        return data


@contextmanager
def _plain_words(name: str) -> Iterator[None]:
    """Turn what can go wrong with a file into a sentence."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise PortError(f"{name} is a damaged zip file ({error}); download it again.") from error
    except RuntimeError as error:
        if "password" not in str(error):
            raise
        raise PortError(f"{name} needs a password; unpack it and import the file.") from error
    except OSError as error:
        raise PortError(f"{name} cannot be read ({error.strerror or error}).") from error
