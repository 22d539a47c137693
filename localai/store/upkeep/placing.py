"""What a backup brings besides the history: adapters and settings, put in their places.

Nothing that is there is lost: an adapter or settings of the same name that differ are renamed
first. What a user allowed on one machine is not brought to another.
"""

from __future__ import annotations

import filecmp
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from localai import paths
from localai.errors import StoreError
from localai.store.backup import stamp, unused
from localai.store.connection import connect

# Consent to code, and digests by path, size and time: both belong to one machine.
OF_ONE_MACHINE = ("consents", "file_hashes")


def adapt(database: Path, names: tuple[str, ...], data: Path) -> None:
    """Bring an unpacked database in line with this machine: its adapters, by the names of
    their folders, are found under `data`, and what belongs to another machine is dropped."""
    with closing(connect(database, readonly=False, checkpoints=True)) as db:
        for table in OF_ONE_MACHINE:
            db.execute(f"DELETE FROM {table}")
        for name in names:
            db.execute(
                "UPDATE adapters SET file = ? WHERE file LIKE ? ESCAPE '\\'",
                (
                    str(paths.adapters(data) / name / "adapter.gguf"),
                    f"%/{name.replace('_', chr(92) + '_')}/adapter.gguf",
                ),
            )


@contextmanager
def adapters(folder: Path, names: tuple[str, ...], data: Path) -> Iterator[None]:
    """Have the unpacked adapters in their place for the block, and after it unless it fails:
    then all is as it was. Raises StoreError when they cannot be moved."""
    with ExitStack() as undo:
        try:
            for name in names:
                _move(folder / name, paths.private_dir(paths.adapters(data)) / name, undo)
        except OSError as error:
            raise StoreError(
                f"The adapters in {paths.adapters(data)} cannot be replaced "
                f"({error.strerror or error}); check who owns them. Nothing was replaced."
            ) from error
        yield
        undo.pop_all()


def settings(file: Path) -> Path | None:
    """Put settings in place; the path under which those are kept that were there, None for
    none or the same. Raises StoreError."""
    place, kept = paths.config_file(), None
    paths.private_dir(place.parent)
    try:
        real = place.resolve()
        if real.exists() and real.read_bytes() != file.read_bytes():
            kept = _before(real)
            shutil.copy2(real, kept)
        paths.replace(real, file.read_text("utf-8"))
    except OSError as error:
        raise StoreError(
            f"The data is restored, but the settings {place} cannot be written ({error.strerror})."
        ) from error
    return kept


def servers(file: Path) -> tuple[str, ...]:
    """The MCP servers that settings name, each with its command: programs that localai would
    start. Settings that cannot be read start none."""
    try:
        found = tomllib.loads(file.read_text("utf-8")).get("mcp")
    except (OSError, UnicodeError, tomllib.TOMLDecodeError):
        return ()
    if not isinstance(found, dict):
        return ()
    return tuple(f"{name}: {_command(server)}" for name, server in found.items())


def _command(server: object) -> str:
    command = server.get("command", "") if isinstance(server, dict) else ""
    return " ".join(map(str, command)) if isinstance(command, list) else str(command)


def _move(source: Path, place: Path, undo: ExitStack) -> None:
    """Move a folder to its place, unless the same is there."""
    if place.exists():
        names = [each.name for each in source.iterdir()]
        if filecmp.cmpfiles(source, place, names, shallow=False)[0] == names:
            return
        kept = _before(place)
        place.rename(kept)
        undo.callback(kept.rename, place)
    source.rename(place)
    undo.callback(place.rename, source)


def _before(path: Path) -> Path:
    """A name for what is replaced."""
    return unused(path.with_name(f"{path.name}.before-restore-{stamp()}"))
