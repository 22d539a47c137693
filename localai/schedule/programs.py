"""Programs of the system that are asked or told something: systemctl, launchctl and others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import NamedTuple

SECONDS = 30


class Ran(NamedTuple):
    """What came of it: the exit code, what it printed, and its complaint on one line."""

    code: int
    out: str = ""
    complaint: str = ""


Run = Callable[..., Ran]
"""`run("systemctl", "--user", "daemon-reload")`."""


def run(*command: str) -> Ran:
    """Run it to its end. One that is not there or hangs has failed like any other."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except FileNotFoundError:
        return Ran(127, complaint=f"there is no {command[0]}")
    except (OSError, subprocess.SubprocessError) as error:
        return Ran(126, complaint=f"{command[0]}: {error}")
    said = done.stderr.strip().splitlines()
    return Ran(done.returncode, done.stdout, said[0] if said else f"exit code {done.returncode}")
