"""The whole evening of `scripts/tour`, short: a real app, real keys, a tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from localai.store.store import Store
from scripts.touring.facts import FACTS

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
            "LOCALAI_TUNE__NICE": "0",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(numbers.read_text("utf-8"))
    # A model of random weights learns nothing that passes the gate; all the rest is as ever.
    assert found["run"]["state"] == "rejected", found["run"]
    (corrections,) = found["verdict"]["pools"]  # nothing else was asked then
    assert corrections["name"] == "corrections"
    assert corrections["n"] >= 8
    assert found["verdict"]["stage"] == "targets"
    assert found["verdict"]["parity"]["same"] > 0.99
    assert found["training_tokens_per_second"] > 0
    assert found["adapters"] == [[""], [""], [""]]
    assert found["held_out_n"] == 4
    with Store.open(home / "localai.db", readonly=True) as store:
        taught = [store.message(each.chosen).message.text for each in store.corrections()]
    assert taught == [fact.answer for fact in FACTS[:2]]
