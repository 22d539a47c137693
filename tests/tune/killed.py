"""A trainer that is killed and started again, with a checkpoint after every step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from localai.tune import training
from localai.tune.plan import PLAN, News, Options, Plan, Step
from tests.tune.tiny_examples import example

TRAINER = """
import sys
from pathlib import Path
from localai.tune import checkpoints, trainer
checkpoints.SECONDS, checkpoints.SHARE = 0.0, float("inf")
sys.exit(trainer.main(int(sys.argv[1]), Path(sys.argv[2])))
"""
STEPS = 30


def begin(folder: Path, base: Path) -> None:
    """A folder with a plan of STEPS steps of texts, new and recalled, and of two held out,
    which training makes less likely from its twentieth step on."""
    options = Options(
        rank=4, learning_rate=5e-3, warmup=2, epochs=STEPS // 3, tokens=64, replay=0.4
    )
    own, replay = tuple(map(example, range(3))), tuple(map(example, range(3, 9)))
    held = tuple(map(example, range(1000, 1002)))
    folder.mkdir()
    plan = Plan(str(base), options, own, replay, own[:1], held)
    (folder / PLAN).write_bytes(msgspec.msgpack.encode(plan))


def trainer(folder: Path) -> subprocess.Popen[bytes]:
    """Starts it; its news come from stdout."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", TRAINER, str(os.getpid()), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **training.FOR_MLX, "LOCALAI_HOME": str(folder.parent / "home")},
        )


def steps(process: subprocess.Popen[bytes], until: int = 0) -> list[Step]:
    """The steps that it tells, to its end, or to the step number `until`."""
    found: list[Step] = []
    assert process.stdout is not None
    for line in process.stdout:
        news = msgspec.json.decode(line, type=News)
        if isinstance(news, Step):
            found.append(news)
            if news.number == until:
                break
    return found
