"""Keeping the machine from going to sleep by itself while a tune runs, where it lets us.

The helper ends with us, however we end. Closing the lid still puts a machine to sleep.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

ENDING_SECONDS = 5.0

Start = Callable[..., subprocess.Popen[bytes]]


def holder() -> Sequence[str]:
    """What holds off sleep: caffeinate(8) as long as we live; systemd-inhibit(1) as long as the
    pipe to its cat is open."""
    if sys.platform == "darwin":
        return ("caffeinate", "-i", "-w", str(os.getpid()))
    what = ("--what=sleep:idle", "--mode=block", "--who=localai", "--why=It learns.")
    return ("systemd-inhibit", *what, "cat")


@contextmanager
def awake(start: Start = subprocess.Popen) -> Iterator[None]:
    """Hold off sleep inside the block. Where that cannot be, the block runs all the same."""
    try:
        process = start(
            list(holder()),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # asks nobody for a password, and is deaf to Ctrl-C
        )
    except OSError:
        yield
        return
    try:
        yield
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the machine sleep again."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.terminate()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
