"""Every way the engine process can fail, at every stage; many times with `-m faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.faulty import FAULTS, STAGES, survive

EVERY = [(fault, stage) for fault in FAULTS for stage in STAGES]
SLOW = [("hang", "load"), ("hang", "render")]


def check(folder: Path, fault: str, stage: str) -> None:
    sentence = survive(folder, fault, stage)
    assert sentence.endswith(f"(log: {folder}/engine.log).")
    assert "\n" not in sentence
    assert "\x1b" not in sentence
    assert "Traceback" not in sentence


@pytest.mark.parametrize(("fault", "stage"), [pair for pair in EVERY if pair not in SLOW])
def test_every_quick_fault_once(tmp_path: Path, fault: str, stage: str) -> None:
    check(tmp_path, fault, stage)


@pytest.mark.faults
@pytest.mark.parametrize("run", range(200))
def test_200_faults(tmp_path: Path, run: int) -> None:
    check(tmp_path, *EVERY[run % len(EVERY)])
