"""The process of an MCP server: its pipes, what it says on stderr, and its end.

It leads a session of its own, with a scrubbed environment and no core dumps. Its whole
group is killed when it is ended, and also when this program ends in whatever way: a second
process of the group waits for the end of a pipe that only this program holds open. What a
server does is not limited otherwise: it is the user's own choice, and it outlives its calls.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import anyio
import psutil

from localai import paths
from localai.errors import LocalaiError, ToolError
from localai.tools.mcp.launch import Launch
from localai.tools.mcp.pipe import Pipe
from localai.tools.sandbox import how_it_ended

GRACE_SECONDS = 1.0
REAP_SECONDS = 2.0
MOST_LOG = 256 << 10
_TAIL = 2000
_POLL_SECONDS = 0.01

# Its last line becomes the server; what waits in the background stays in the group.
_PROGRAM = """
ulimit -c 0
exec 3</dev/fd/"$1"
shift
(read -r _ <&3; sleep 1; kill -9 0) </dev/null >/dev/null 2>&1 &
exec "$@" 3<&-
"""


def log_file(name: str) -> Path:
    """Where what the server NAME says on stderr is kept, from its latest start."""
    return paths.logs() / f"mcp-{name}.log"


class ServerProcess:
    """A started server."""

    def __init__(self, launch: Launch) -> None:
        """Start it. Raises ToolError."""
        self.name, self._tail = launch.name, b""
        self._lock, self._ended = threading.Lock(), False  # while the process id is used
        self._process, self._watch = _spawn(launch)
        self.stdin, self.stdout = Pipe(self._process.stdin), Pipe(self._process.stdout)
        self._stderr = Pipe(self._process.stderr)

    async def keep_log(self) -> None:
        """Write what comes on stderr into the log file, at most MOST_LOG bytes, until it ends."""
        left = MOST_LOG
        with contextlib.ExitStack() as stack:
            try:
                paths.private_dir(paths.home())
                paths.private_dir(paths.logs())
                descriptor = os.open(
                    log_file(self.name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
                )
                file = stack.enter_context(os.fdopen(descriptor, "wb", buffering=0))
            except (OSError, LocalaiError):
                left = 0  # a server without its log is better than none
            while data := await self._stderr.read():
                self._tail = (self._tail + data)[-_TAIL:]
                if left:
                    with contextlib.suppress(OSError):
                        file.write(data[:left])
                    left -= min(left, len(data))

    def last_words(self) -> str:
        """The last line that it said on stderr, or nothing."""
        lines = self._tail.decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip()[:200] if lines else ""

    def kill(self) -> None:
        """Kill the whole group. Thread-safe."""
        with self._lock:
            if not self._ended:
                with contextlib.suppress(OSError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    async def leave(self) -> None:
        """Close its stdin and give it GRACE_SECONDS to end by itself."""
        self.stdin.close()
        until = time.monotonic() + GRACE_SECONDS
        while self._runs() and time.monotonic() < until:
            await anyio.sleep(_POLL_SECONDS)

    def _runs(self) -> bool:
        """Whether it has not ended. It is not waited for: its id must stay taken."""
        try:
            return psutil.Process(self._process.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def end(self) -> str:
        """Kill what is left of the group and close the pipes; how it ended, in words."""
        self.kill()
        with self._lock, contextlib.suppress(subprocess.TimeoutExpired):
            self._ended = True
            self._process.wait(REAP_SECONDS)
        os.close(self._watch)
        for pipe in (self.stdin, self.stdout, self._stderr):
            pipe.close()
        return how_it_ended(self._process.returncode)


def _spawn(launch: Launch) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and the end of the pipe that keeps it alive. Raises ToolError."""
    environment = launch.environment(os.environ)
    words = [launch.program(environment), *launch.command[1:]]
    ends: tuple[int, ...] = ()
    try:
        watched, watch = ends = os.pipe()
        process = subprocess.Popen(
            ["/bin/sh", "-c", _PROGRAM, "sh", str(watched), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=launch.where,
            env=environment,
            start_new_session=True,
            pass_fds=(watched,),
            bufsize=0,
        )
    except (OSError, ValueError) as error:
        for end in ends:
            os.close(end)
        why = error.strerror if isinstance(error, OSError) else error
        raise ToolError(
            f"The MCP server {launch.name} cannot be started ({why}); "
            f"check [mcp.{launch.name}] in config.toml."
        ) from error
    os.close(watched)
    return process, watch
