"""The file that an export is written to: complete or not there, for the owner alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from localai.port.sources import PortError


@contextmanager
def new_file(path: Path) -> Iterator[Callable[[str], object]]:
    """A function that writes text to what becomes `path` when the block ends well.

    Raises PortError when a file is there already, or it cannot be written.
    """
    taken = f"{path} is there already; name another file or move it away."
    try:
        if path.exists():
            raise PortError(taken)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
                yield file.write
                file.flush()
                os.fsync(descriptor)
            # A link takes the name only if it is free, which renaming would not.
            os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except FileExistsError as error:
        raise PortError(taken) from error
    except OSError as error:
        raise PortError(f"{path} cannot be written ({error.strerror or error}).") from error
