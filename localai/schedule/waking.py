"""Keeping the machine from going to sleep by itself while a tune runs, where it lets us.

The helper ends with us, however we end. Closing the lid still puts a machine to sleep.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

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
    with process:  # closes the pipe, which ends the cat
        try:
            yield
        finally:
            process.kill()
