"""kill -9 of the trainer at random moments: what it goes on to make is the same, bit for bit."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localai.tune.plan import ADAPTER
from tests.tune import killed

KILLS = 20


def whole(folder: Path, base: Path) -> tuple[bytes, float]:
    """The adapter of a trainer that nobody kills, and the seconds that training takes."""
    killed.begin(folder, base)
    with killed.trainer(folder) as process:
        killed.steps(process, until=1)
        begun = time.monotonic()
        killed.steps(process)
        seconds = time.monotonic() - begun
    assert process.returncode == 0
    return (folder / ADAPTER).read_bytes(), seconds


def kill(folder: Path, base: Path, after: float) -> int:
    """Kill a trainer so long after its first step; the number of the step to go on with."""
    killed.begin(folder, base)
    with killed.trainer(folder) as process:
        killed.steps(process, until=1)
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
    with killed.trainer(folder) as process:
        steps = killed.steps(process)
    assert process.returncode == 0
    return steps[0].number if steps else killed.STEPS + 1


@pytest.mark.faults
def test_twenty_kills_change_no_bit(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    base = tiny_model("plain")
    adapter, seconds = whole(tmp_path / "whole", base)
    chance = random.Random(3)
    same, places = 0, []
    for number in range(KILLS):
        folder = tmp_path / str(number)
        places.append(kill(folder, base, chance.uniform(0.0, seconds)))
        same += (folder / ADAPTER).read_bytes() == adapter
    print(f"went on with steps {sorted(places)}; {same} of {KILLS} the same")
    assert same == KILLS
    assert len(set(places)) > KILLS // 3
