"""A small file system of its own for a program that fills it, where the system allows that."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

_MOUNT = ["unshare", "--mount", "--user", "--map-root-user"]
REASON = "mounting a small file system in a namespace of one's own is not permitted here"


def possible() -> bool:
    """Whether this system lets us."""
    if shutil.which("unshare") is None:
        return False
    command = [*_MOUNT, "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def fill(folder: Path, kilobytes: int) -> dict[str, Any]:
    """Run `store_disk` on a file system of that size; what it reports."""
    place = folder / f"disk{kilobytes}"
    place.mkdir()
    mount = f'mount -t tmpfs -o size={kilobytes}k,mode=700 none "$0"'
    ran = subprocess.run(
        [
            *_MOUNT,
            "sh",
            "-c",
            f'{mount} && exec "$1" -m tests.faults.store_disk "$0"',
            str(place),
            sys.executable,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    return report
