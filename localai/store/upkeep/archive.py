"""A backup in one file: the database, the adapters and the settings in a tar archive.

The first member is a manifest with the size and sha256 of each of the others. What is read
from an archive is only what its manifest lists and what has one of our names; nothing is
unpacked by the paths that stand in it. Not carried: models, logs, and which of the user's
files may run as tools, because consent to code belongs to a machine.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import msgspec

from localai import __version__, paths
from localai.counted import counted
from localai.digest import sha256
from localai.errors import StoreError, UsageError
from localai.store import backup
from localai.store.connection import Database, connect
from localai.store.driver import sqlite

SUFFIX = ".tar"
MANIFEST = "manifest.json"
DATABASE = "localai.db"
SETTINGS = "config.toml"
KIND = "localai backup"
LARGEST_MANIFEST = 16 << 20
_NAMED = re.compile(r".+-\d{8}T\d{6}Z(-\d+)?\.tar")
_NAMES = re.compile(
    r"localai\.db|config\.toml|adapters/[A-Za-z0-9_-]{1,64}/(adapter\.gguf|manifest\.json)"
)


class NotWhole(StoreError):
    """An archive is not what a backup is. `ours` when it is one of localai all the same, by its
    manifest or its name: then it may hold anything that was ever said."""

    def __init__(self, message: str, *, ours: bool) -> None:
        super().__init__(message)
        self.ours = ours


class Member(msgspec.Struct, frozen=True):
    """A file of the archive; `size` in bytes."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive says of itself. `created` is Unix time; `schema` the database's."""

    version: str
    created: float
    schema: int
    conversations: int
    messages: int
    files: tuple[Member, ...]
    kind: str = KIND


def target(path: Path | None, data: Path) -> Path:
    """The file that a backup goes to: what the user named, a new one in a folder, or, for None,
    one in the data folder. Raises UsageError for what cannot be one."""
    name = f"localai-{backup.stamp()}{SUFFIX}"
    if path is None:
        return backup.unused(paths.backups(data) / name)
    try:
        if path.is_dir():
            return backup.unused(path / name)
        taken = path.exists()
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror or error}).") from error
    if taken:
        raise UsageError(f"{path} is there already; choose another name.")
    if path.suffix != SUFFIX:
        raise UsageError(f"{path} does not end in .tar; backups do, so that they are recognized.")
    return path


def summary(made: Manifest) -> str:
    """What a new backup holds, in a sentence."""
    adapters = sum(member.name.endswith(".gguf") for member in made.files)
    return (
        f"Backed up and read back: {counted(made.conversations, 'conversation')}, "
        f"{counted(made.messages, 'message')}, {counted(adapters, 'adapter')}."
    )


def write(database: Database, data: Path, final: Path) -> Manifest:
    """Back up the open database and what belongs to it; the file has its name only once it
    was read back whole. Raises StoreError; nothing that was there is replaced but `final`."""
    partial = final.with_name(f"{final.name}.partial")
    paths.private_dir(final.parent)
    try:
        with tempfile.TemporaryDirectory(dir=final.parent, suffix=".partial") as folder:
            copy = Path(folder) / DATABASE
            backup.copy_to(database.connection, Path(database.where), copy)
            # What is said of the copy is read from it: others may go on writing.
            with closing(connect(copy, readonly=True, checkpoints=False)) as db:
                files = [(DATABASE, copy), *_belonging(db, data)]
                manifest = _manifest(db, files)
            _pack(partial, manifest, files)
        verify(partial)
        backup.sync(partial)
        partial.replace(final)
        backup.sync(final.parent)
    except (OSError, sqlite.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(
            f"No backup could be made at {final} ({why}); free space there or choose another place."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def verify(path: Path) -> Manifest:
    """Read a whole archive. Raises StoreError unless it is what its manifest says."""
    with _opened(path) as (tar, manifest):
        for member in manifest.files:
            _read(path, tar, member, None)
        return manifest


def unpack(path: Path, folder: Path) -> Manifest:
    """Put every file of an archive under the folder, checked. Raises StoreError."""
    with _opened(path) as (tar, manifest):
        for member in manifest.files:
            _unpack(path, tar, member, folder)
        return manifest


def database(path: Path, folder: Path) -> Path:
    """Put the database of an archive into the folder; its path. Raises StoreError."""
    with _opened(path) as (tar, manifest):
        for member in manifest.files:
            if member.name == DATABASE:
                return _unpack(path, tar, member, folder)
    raise _unusable(path, "it has no database")


def _unpack(path: Path, tar: tarfile.TarFile, member: Member, folder: Path) -> Path:
    place = folder / member.name
    paths.private_dir(place.parent)
    with place.open("xb") as file:
        place.chmod(0o600)
        _read(path, tar, member, file)
    return place


def _belonging(db: sqlite.Connection, data: Path) -> Iterator[tuple[str, Path]]:
    """The files of adapters and the settings: (name in the archive, path)."""
    files = [Path(file) for (file,) in db.execute("SELECT file FROM adapters")]
    home = paths.adapters(data).resolve()
    for file in files:
        for each in (file, file.with_name(MANIFEST)):
            name = f"adapters/{each.parent.name}/{each.name}"
            ours = each.is_file() and each.resolve().is_relative_to(home)
            if ours and _NAMES.fullmatch(name):
                yield name, each
    settings = paths.config_file()
    if settings.is_file():
        yield SETTINGS, settings


def size(db: sqlite.Connection) -> tuple[int, int]:
    """How many conversations and messages a database has."""
    query = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages)"
    conversations, messages = db.execute(query).fetchone()
    return conversations, messages


def _manifest(db: sqlite.Connection, files: list[tuple[str, Path]]) -> Manifest:
    schema = db.execute("PRAGMA user_version").fetchone()[0]
    conversations, messages = size(db)
    members = tuple(Member(name, path.stat().st_size, sha256(path)) for name, path in files)
    return Manifest(__version__, time.time(), schema, conversations, messages, members)


def _pack(partial: Path, manifest: Manifest, files: list[tuple[str, Path]]) -> None:
    """Write the archive, the manifest first."""
    with partial.open("wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        partial.chmod(0o600)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        _add(tar, MANIFEST, len(text), io.BytesIO(text))
        for member, (_, path) in zip(manifest.files, files, strict=True):
            with path.open("rb") as content:
                _add(tar, member.name, member.size, content)


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(time.time())
    tar.addfile(info, content)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """An archive and its manifest; what is wrong with either is one sentence."""
    ours = _NAMED.fullmatch(path.name) is not None
    try:
        with tarfile.open(path, "r:") as tar:
            manifest = _first(path, tar, ours=ours)
            ours = True
            names = [member.name for member in manifest.files]
            if len(set(names)) < len(names) or not all(map(_NAMES.fullmatch, names)):
                raise _unusable(path, "it lists files that no backup has")
            yield tar, manifest
    except (tarfile.TarError, EOFError, msgspec.MsgspecError, UnicodeError) as error:
        raise _unusable(path, str(error), ours=ours) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror or error}).") from error


def _first(path: Path, tar: tarfile.TarFile, *, ours: bool) -> Manifest:
    """The manifest, which is the first member."""
    first = tar.next()
    content = tar.extractfile(first) if first and first.isreg() else None
    if content is None or not first or first.name != MANIFEST:
        raise _unusable(path, "it does not begin with a manifest", ours=ours)
    if first.size > LARGEST_MANIFEST:
        raise _unusable(path, "its manifest is too large", ours=ours)
    manifest = msgspec.json.decode(content.read(), type=Manifest)
    if manifest.kind != KIND:
        raise _unusable(path, "its manifest is of something else", ours=ours)
    return manifest


def _read(path: Path, tar: tarfile.TarFile, member: Member, place: IO[bytes] | None) -> None:
    """Check the next member, and copy it to an open file."""
    found = tar.next()
    content = tar.extractfile(found) if found and found.isreg() else None
    if content is None or not found or (found.name, found.size) != (member.name, member.size):
        raise _unusable(path, f"{member.name} is not where it should be")
    digest = hashlib.sha256()
    while block := content.read(1 << 20):
        digest.update(block)
        if place is not None:
            place.write(block)
    if digest.hexdigest() != member.sha256:
        raise _unusable(path, f"{member.name} was changed")


def _unusable(path: Path, why: str, *, ours: bool = True) -> NotWhole:
    return NotWhole(f"{path} is no whole backup ({why}); choose another one.", ours=ours)
