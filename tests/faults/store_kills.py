"""Kill a talking program at a random moment and compare what it said with what is there."""

from __future__ import annotations

import json
import random
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localai.store.store import Store


@dataclass
class Toll:
    """What kills have cost so far. `worst_ms` is the most text lost, in time."""

    kills: int = 0
    committed: int = 0
    lost: int = 0
    mid_answer: int = 0
    worst_ms: int = 0


def kill_once(path: Path, seed: int, toll: Toll) -> None:
    """One program, killed 20 to 300 ms after its first commit; add the loss to `toll`."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.store_talk", str(path), str(seed)],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    with child, child.stdout as pipe:
        select.select([pipe], [], [], 30)
        # Not a wait for something: the moment of death is what is drawn by lot.
        time.sleep(random.Random(f"kill {seed}").uniform(0.02, 0.3))
        child.kill()
        lines = pipe.read().decode().splitlines(keepends=True)
    toll.kills += 1
    _compare(path, [json.loads(line) for line in lines if line.endswith("\n")], toll)


def _compare(path: Path, said: list[list[Any]], toll: Toll) -> None:
    """Reopen and look for everything that was acknowledged."""
    committed = {id_: (what, text) for what, id_, text in said if what != "said"}
    generated = {id_: token for what, id_, token in said if what == "said"}
    assert committed, "the program was killed before it had said anything"
    with Store.open(path) as store:
        for id_, (what, text) in committed.items():
            toll.committed += 1
            found = store.message(id_)
            kept = found.message.text
            if what != "saved":
                toll.lost += kept != text
                continue
            toll.mid_answer += 1
            toll.lost += not kept.startswith(text)
            # It may have been finished just before the kill, without a word about it.
            assert found.status in ("interrupted", "done")
            last = int(kept.split()[-1]) if kept else 0
            toll.worst_ms = max(toll.worst_ms, generated.get(id_, 0) - last)
        assert store.info()["check"] == "ok"
