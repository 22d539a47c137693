"""The whole evening of `scripts/tour`, short: a real app, real keys, a tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_an_evening_with_a_tiny_model(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    home, numbers = tmp_path / "home", tmp_path / "numbers.json"
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "scripts.touring.evening"),
            *("--model", str(tiny_model("plain")), "--facts", "2", "--controls", "1"),
            *("--home", str(home), "--json", str(numbers)),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LOCALAI_TUNE__EPOCHS": "60",
            "LOCALAI_TUNE__NICE": "0",
            "LOCALAI_TUNE__LEARNING_RATE": "0.01",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(numbers.read_text("utf-8"))
    assert found["run"]["state"] == "promoted", found["verdict"]
    assert [len(names) for names in found["adapters"]] == [1, 1, 1]
    bare, tuned, back = (names[0] for names in found["adapters"])
    assert bare == back == ""
    assert tuned
    assert found["same_after_rollback"]
