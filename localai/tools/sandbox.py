"""Running a tool: one process for each call, with limits, that ends with the call.

The process is a session of its own with a scrubbed environment and no descriptor but its
pipes (`worker`). Whatever happens, its whole group is killed before `run` returns. All
waiting is `select` with a deadline; there is no thread. A tool that is off is not run; which
other calls the user has to agree to is not decided here.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from localai.errors import ArgumentsError
from localai.tools import modules
from localai.tools.allowed import Allowed
from localai.tools.outcome import BrokenOff, Failed, Limits, Ok, Outcome, TimedOut, TooMuchOutput
from localai.tools.place import File, Module, Place
from localai.tools.tool import Tool
from localai.tools.worker import HEADER

CHUNK = 1 << 16
SLICE_SECONDS = 0.25
REAP_SECONDS = 2.0
MOST_REQUEST = 1 << 20

PASSED = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"}
PASSED |= {"SSL_CERT_FILE", "SSL_CERT_DIR"}
PASSED |= {"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"}
FIXED = {
    # A thread's own heap would take 64 MB of address space from the tool (glibc).
    "MALLOC_ARENA_MAX": "1",
    "DO_NOT_TRACK": "1",
}


def run(
    tool: Tool,
    arguments: Mapping[str, Any],
    limits: Limits | None = None,
    allowed: Allowed | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Call the tool; never raises for anything that the tool or its arguments do.

    Setting `stop` in another thread ends the call within SLICE_SECONDS. The tool must be a
    global under its own name: its code is loaded again, in the process of the call. A result
    that is no str comes back as JSON. Without `allowed` nothing is allowed.
    """
    limits, allowed = limits or Limits(), allowed or Allowed()
    if off := allowed.lacks(tool.name, tool.needs):
        return Failed(off, 0.0)
    try:
        asked = {"name": tool.name, "arguments": tool.check(arguments)}
        told, file_bytes = _told(tool, allowed), _writable(tool, limits)
        request = _request(tool.place, asked, limits, told, file_bytes)
        if len(request) > MOST_REQUEST:
            raise ArgumentsError(f"The arguments of {tool.name} are longer than 1 MB.")
    except ArgumentsError as error:
        return Failed(str(error), 0.0)
    return _answered(tool.name, request, limits, stop)


def describe(place: Module | File, limits: Limits, stop: threading.Event | None = None) -> Outcome:
    """Load code that may define tools and tell which: a JSON list of what `Tool.told` gives.

    Like a call it never raises, and ends soon when `stop` is set; the code can write no file.
    """
    name = place.module if isinstance(place, Module) else place.path
    return _answered(name, _request(place, {}, limits, Allowed(), 0), limits, stop)


def _answered(name: str, request: bytes, limits: Limits, stop: threading.Event | None) -> Outcome:
    """Start a process, hand it the request, and end it; `name` is for the sentences."""
    began = time.monotonic()
    try:
        process = _spawn()
    except OSError as error:
        return BrokenOff(f"No process could be started for {name} ({error.strerror}).", 0.0)
    received: bytes | None = None
    try:
        deadline = began + limits.wall_seconds
        received = _exchange(process, request, deadline, _most(limits), stop)
    finally:
        code = _end(process)
    seconds = time.monotonic() - began
    if received is None and stop is not None and stop.is_set():
        return BrokenOff(f"The call of {name} was stopped.", seconds)
    return _outcome(name, received, code, limits, seconds)


def passed(source: Mapping[str, str], names: Collection[str] = PASSED) -> dict[str, str]:
    """The variables of `source` that are in `names` or about the language."""
    return {
        name: value for name, value in source.items() if name in names or name.startswith("LC_")
    }


def environment(source: Mapping[str, str]) -> dict[str, str]:
    """What a tool may know of `source`, where it finds its modules, and what is fixed."""
    return passed(source) | FIXED | {"PYTHONPATH": os.pathsep.join(modules.folders())}


def _request(
    place: Place, asked: dict[str, Any], limits: Limits, allowed: Allowed, file_bytes: int
) -> bytes:
    """A frame. What is asked is a call by name; empty asks for a description."""
    assert isinstance(place, Module | File)
    body = json.dumps(
        {
            **asdict(place),
            **asked,
            "allowed": allowed.written(),
            "limits": {
                "cpu_seconds": limits.cpu_seconds,
                "memory_bytes": limits.memory_bytes,
                "output_bytes": limits.output_bytes,
                "file_bytes": file_bytes,
            },
        }
    ).encode()
    return len(body).to_bytes(HEADER, "big") + body


def _told(tool: Tool, allowed: Allowed) -> Allowed:
    """What is allowed, without what is no business of a stranger's code."""
    return allowed if tool.built_in else replace(allowed, data="", conversation="")


def _writable(tool: Tool, limits: Limits) -> int:
    """How long, in bytes, the tool may make a file."""
    if "writes" in tool.effects:
        return limits.file_bytes
    return tool.own_files if tool.built_in else 0


def _spawn() -> subprocess.Popen[bytes]:
    # `site` is left out (-S): its start-up files take longer than the rest, and what they
    # would add to the path is in PYTHONPATH.
    program = "from localai.tools.worker import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-P", "-S", "-s", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment(os.environ),
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), False)
    return process


def _exchange(
    process: subprocess.Popen[bytes],
    request: bytes,
    deadline: float,
    most: int,
    stop: threading.Event | None,
) -> bytes | None:
    """Send the request and take what comes back; None when the deadline passed or on `stop`.

    Stops at a whole frame, after `most` bytes, or where the process ended.
    """
    rest, received = memoryview(request), bytearray()
    assert process.stdin is not None
    assert process.stdout is not None
    with selectors.DefaultSelector() as pipes:
        pipes.register(process.stdin, selectors.EVENT_WRITE)
        pipes.register(process.stdout, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if stop is not None and stop.is_set():
                return None
            # In slices: a Ctrl-C in the instant before waiting is only seen when it returns.
            for key, _ in pipes.select(min(left, SLICE_SECONDS)):
                if key.fileobj is process.stdout:
                    data = os.read(key.fd, CHUNK)
                    received += data
                    if not data or _whole(received) or len(received) > most:
                        return bytes(received)
                    continue
                try:
                    rest = rest[os.write(key.fd, rest) :]
                except BlockingIOError:
                    continue  # room for less than it takes; macOS writes all or nothing
                except BrokenPipeError:
                    rest = rest[:0]
                if not rest:
                    pipes.unregister(process.stdin)
    return None


def _whole(received: bytearray) -> bool:
    length = int.from_bytes(received[:HEADER], "big")
    return len(received) >= HEADER and len(received) >= HEADER + length


def _most(limits: Limits) -> int:
    """Bytes of the longest answer that is one: JSON writes a byte of text in at most six."""
    return HEADER + 6 * limits.output_bytes + 4096


def _end(process: subprocess.Popen[bytes]) -> int | None:
    """Kill the group, close the pipes and return the exit code; negative is a signal.

    The group is killed while its leader is not yet waited for, so the number is still ours.
    A process that had ended by itself keeps its own code.
    """
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(REAP_SECONDS)
    return process.returncode


def _outcome(
    name: str, received: bytes | None, code: int | None, limits: Limits, seconds: float
) -> Outcome:
    if received is None:
        return TimedOut(f"{name} took more than {limits.wall_seconds:g} s.", seconds)
    too_much = TooMuchOutput(
        f"The result of {name} is longer than {limits.output_bytes >> 10} KB; ask for less.",
        seconds,
    )
    if len(received) > _most(limits):
        return too_much
    if len(received) <= HEADER:
        if code == -signal.SIGXCPU:
            return TimedOut(f"{name} computed for more than {limits.cpu_seconds} s.", seconds)
        ended = BrokenOff if code == -signal.SIGKILL else Failed
        return ended(
            f"The tool {name} ended before it had a result ({how_it_ended(code)}).", seconds
        )
    try:
        match json.loads(received[HEADER:]):
            case {"ok": str() as text}:
                return Ok(text, seconds)
            case {"failed": str() as sentence}:
                return Failed(sentence, seconds)
            case {"long": _}:
                return too_much
    except ValueError:
        pass
    return Failed(f"The tool {name} ended in the middle of its result.", seconds)


def how_it_ended(code: int | None) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
