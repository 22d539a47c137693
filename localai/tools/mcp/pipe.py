"""An end of a pipe for code on an event loop: reads what is there, waits where there is nothing."""

from __future__ import annotations

import contextlib
import os
from typing import IO

import anyio
import anyio.lowlevel

CHUNK = 1 << 16


class Pipe:
    """One end of a pipe, of which it is the owner. To be used on one event loop."""

    def __init__(self, file: IO[bytes] | None) -> None:
        assert file is not None
        self._file = file
        os.set_blocking(file.fileno(), False)

    async def read(self) -> bytes:
        """The next bytes, at most CHUNK; none where the pipe has ended or was closed."""
        await anyio.lowlevel.checkpoint()  # where there always is more, others get their turn
        try:
            while not self._file.closed:
                with contextlib.suppress(BlockingIOError):
                    return os.read(self._file.fileno(), CHUNK)
                await anyio.wait_readable(self._file)
        except (OSError, anyio.ClosedResourceError):
            pass
        return b""

    async def write(self, data: bytes) -> None:
        """Write it all. Raises OSError when nobody reads it any more."""
        rest = memoryview(data)
        try:
            while not self._file.closed:
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(self._file.fileno(), rest) :]
                if not rest:
                    return
                await anyio.wait_writable(self._file)
        except anyio.ClosedResourceError:
            pass
        raise BrokenPipeError

    def close(self) -> None:
        """Close it; whoever waits for it goes on."""
        if not self._file.closed:
            anyio.notify_closing(self._file)
            self._file.close()
