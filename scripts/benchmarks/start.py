"""Start-up of the command line, against the least a click program costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.rows import Row, paired

COMMANDS = (["--help"], ["history", "list"])


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of one run."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Bar 5: `localai --help` and `localai history list`, within 3 x of importing click."""
    localai = str(Path(sys.executable).with_name("localai"))
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "LOCALAI_HOME": home}
        found: list[Row] = []
        for arguments in COMMANDS:
            ours: list[float] = []
            peer: list[float] = []
            for round_ in range(2 * rounds + 1):
                own = seconds([localai, *arguments], environment)
                least = seconds([sys.executable, "-c", "import click"], environment)
                if round_:
                    ours.append(1000 * own)
                    peer.append(1000 * least)
            name = f"start of localai {' '.join(arguments)} / import click"
            found.append(paired(name, "ms", ours, peer, bar=3.0, better="low"))
    yield found
