"""Tools that do what a tool should not. The sandbox's process imports them from here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from localai.errors import ToolError
from localai.tools.allowed import present
from localai.tools.tool import tool

FOREVER = 3600


@tool(effects=())
def echo(text: str, times: int = 1) -> str:
    """Say it again."""
    return text * times


@tool(effects=())
def table() -> dict[str, Any]:
    """Return what is no text."""
    return {"ä": [1, 2.5, None, True]}


@tool(effects=())
def half_a_pair() -> str:
    """Return what is no Unicode."""
    return "a\ud800b"


@tool(effects=())
def nothing_json() -> object:
    """Return what JSON has no word for."""
    return object()


@tool(effects=())
def refuse() -> None:
    """Refuse, as a tool does."""
    raise ToolError("There is no such thing.")


@tool(effects=())
def stumble() -> None:
    """Raise."""
    raise KeyError("first line\nsecond line")


@tool(effects=())
def leave() -> None:
    """Ask to exit."""
    sys.exit(3)


@tool(effects=())
def vanish(code: int) -> None:
    """Exit at once."""
    os._exit(code)


@tool(effects=())
def kill_itself(number: int) -> None:
    """Die of a signal."""
    os.kill(os.getpid(), number)


@tool(effects=("writes",))
def hang(file: str = "") -> None:
    """Say its process id and wait."""
    if file:
        announce(Path(file), os.getpid())
    time.sleep(FOREVER)


@tool(effects=())
def compute() -> None:
    """Compute for ever."""
    while True:
        pass


@tool(effects=())
def take(megabytes: int) -> str:
    """Take memory."""
    return str(len(bytearray(megabytes << 20)))


@tool(effects=())
def chatter() -> str:
    """Print a lot."""
    print("x" * 10_000_000)
    print("y" * 10_000_000, file=sys.stderr)
    return "done"


@tool(effects=())
def babble() -> str:
    """Write nonsense into every descriptor there is."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"\0\0\0\5nonsense")
        except OSError:
            continue
    return "done"


@tool(effects=("writes",))
def leave_a_child(file: str, wait: bool = False) -> str:
    """Start a program that goes on."""
    program = f"import time; time.sleep({FOREVER})"
    child = subprocess.Popen([sys.executable, "-S", "-c", program])
    announce(Path(file), child.pid)
    if wait:
        time.sleep(FOREVER)
    child.returncode = 0  # it is left behind on purpose
    return "started"


@tool(effects=("writes",))
def leave_a_fork(file: str) -> None:
    """Fork, and die while the fork goes on."""
    if child := os.fork():
        announce(Path(file), child)
        os._exit(7)
    time.sleep(FOREVER)


@tool(effects=("reads",))
def surroundings() -> dict[str, Any]:
    """Return the environment, the descriptors that are open, and what stdin holds."""
    open_ones = []
    for descriptor in range(100):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        open_ones.append(descriptor)
    return {
        "environment": dict(os.environ),
        "descriptors": open_ones,
        "stdin": sys.stdin.read(),
        "folder": os.getcwd(),  # noqa: PTH109
        "session": os.getsid(0) == os.getpid(),
        "modules": sorted(sys.modules),
    }


@tool(effects=())
def whereabouts() -> list[str]:
    """Return what it is told of the program that calls it."""
    return [present().data, present().conversation]


@tool(effects=("reads",))
def write_undeclared(file: str) -> None:
    """Write although it only reads."""
    Path(file).write_text("x")


@tool(effects=("writes",))
def write(file: str, kilobytes: int) -> None:
    """Write a file."""
    Path(file).write_bytes(b"x" * (kilobytes << 10))


def announce(file: Path, pid: int) -> None:
    """Say a process id, whole or not at all."""
    draft = file.with_suffix(".draft")
    draft.write_text(str(pid))
    draft.rename(file)
