"""Who writes an answer or a tune run: a process named by its id and its start.

So a later process can tell whether the writer still lives. Process ids alone are used again
by the system.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def this_process() -> str:
    """The name of the running process, `PID:START`."""
    return f"{os.getpid()}:{_start(os.getpid())}"


def process(writer: str) -> int | None:
    """The id of the process that was named `writer`, None when it does not run any more."""
    pid, _, start = writer.partition(":")
    if not pid.isdecimal() or not start or _start(int(pid)) != start:
        return None
    return int(pid)


def alive(writer: str) -> bool:
    """True when the process that was named `writer` still runs."""
    return process(writer) is not None


def _start(pid: int) -> str:
    """When a process began, in a form that clock changes leave alone; "" when there is none."""
    return start_on_linux(pid) if sys.platform == "linux" else start_elsewhere(pid)


def start_on_linux(pid: int) -> str:
    """Clock ticks from boot to start (field 22 of /proc/PID/stat), with the boot's own id."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else f"{fields[18]}@{boot[:8]}"


def start_elsewhere(pid: int) -> str:
    """The start time that the system reports, in seconds."""
    # Imported here because it is rarely needed, and listing the history must start fast.
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return str(process.create_time())
    except (psutil.Error, ValueError, OverflowError):
        return ""
