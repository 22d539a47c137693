"""The engine process's own output: one private file, kept for one start more.

Whatever llama.cpp, a library or Python prints lands here. It is diagnostics: where no log
can be written (a read-only or full disk) the engine runs without one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import IO

from localai import paths
from localai.errors import StoreError
from localai.sanitize import clean

TAIL = 16_384
HINT_LENGTH = 160
TELLING = re.compile(r"GGML_ASSERT|error|failed|abort|out of memory|cannot|Exception", re.I)


class EngineLog:
    """Opened by the first child, shared by those that follow it. `path` None: log folder."""

    def __init__(self, path: Path | None) -> None:
        self._path = path or paths.logs() / "engine.log"
        self._file: IO[bytes] | None = None
        self._start = 0

    @property
    def path(self) -> Path | None:
        """Where to look, None when nothing is written."""
        return self._path if self._file is not None else None

    def open(self) -> IO[bytes] | None:
        """The file for a new child to append to, None where none can be written."""
        if self._file is None:
            self._file = _fresh(self._path)
        if self._file is not None:
            self._start = self._file.seek(0, os.SEEK_END)
        return self._file

    def last_words(self) -> str:
        """The last telling line of the last child, cut and made safe to show; or ""."""
        if self._file is None:
            return ""
        self._file.seek(max(self._start, self._file.seek(0, os.SEEK_END) - TAIL))
        lines = clean(self._file.read().decode("utf-8", "replace")).splitlines()
        telling = [line.strip() for line in lines if TELLING.search(line)]
        return telling[-1][:HINT_LENGTH].rstrip(".") if telling else ""

    def close(self) -> None:
        """Close the file; the next `open` begins a fresh one."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _fresh(path: Path) -> IO[bytes] | None:
    try:
        paths.private_dir(path.parent)
        if path.exists():
            path.replace(path.with_name(path.name + ".1"))
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except (OSError, StoreError):
        return None
    return os.fdopen(handle, "rb", buffering=0)
