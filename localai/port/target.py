"""What an export is written to: complete or not there, for the owner alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from localai.port.sources import PortError


@contextmanager
def new_file(path: Path) -> Iterator[Callable[[str], object]]:
    """A function that writes text to what becomes `path` when the block ends well.

    Raises PortError when a file is there already, or it cannot be written.
    """
    with new_path(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
            yield file.write


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """A free name for the block to make a file or a folder of; that becomes `path` when the
    block ends well, and is removed otherwise.

    Raises PortError when something is there already, or it cannot be written.
    """
    taken = f"{path} is there already; choose another name or move it away."
    try:
        if path.exists():
            raise PortError(taken)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        try:
            yield partial
            _settle(partial, path)
        finally:
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink(missing_ok=True)
    except FileExistsError as error:
        raise PortError(taken) from error
    except OSError as error:
        raise PortError(f"{path} cannot be written ({error.strerror or error}).") from error


def _settle(partial: Path, path: Path) -> None:
    """Give what was made its name, once it is on disk."""
    folder = partial.is_dir()
    if folder:
        partial.chmod(0o700)
    for file in partial.iterdir() if folder else (partial,):
        file.chmod(0o600)
        with file.open("rb") as written:
            os.fsync(written.fileno())
    if folder:
        partial.rename(path)
    else:
        _take(partial, path)


def _take(partial: Path, path: Path) -> None:
    """Give a file its name if that is free, which renaming would not ask. Raises OSError."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(0o600, exist_ok=False)
        partial.replace(path)
