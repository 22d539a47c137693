"""Training speed and memory of localai's trainer, against MLX with the BLAS of its wheel.

Each figure comes from a process of its own that trains on made-up tokens: half of each
example is prompt, as in a talk; the steps have the trainer's own size and share of replay,
all of it new, so that reading the bare model is counted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from localai.tune.training import FOR_MLX
from scripts.benchmarks.rows import Row, bootstrap

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = 48
"""Tokens of an example, as of a short question with its answer."""

STOCK_TOKENS = 96
"""The peer is slow: one small step of it is enough to see how slow."""

GIGABYTES = 1e9


class Figures(NamedTuple):
    """Tokens per second of each step, and the most memory held, in bytes."""

    speeds: list[float]
    memory: int


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Tokens per second and the most memory held."""
    ours = _child(model, steps=rounds + 2, tokens=0, stock=False)
    found = [
        Row(
            "training",
            statistics.median(ours.speeds),
            "tokens/s",
            interval=bootstrap(ours.speeds),
            bar=100,
            n=len(ours.speeds),
        ),
        Row("peak memory of the trainer", ours.memory / GIGABYTES, "GB", bar=3, better="low"),
    ]
    if sys.platform == "linux":
        stock = _child(model, steps=1, tokens=STOCK_TOKENS, stock=True).speeds[0]
        value = statistics.median(ours.speeds)
        found.append(Row("training / stock BLAS", value, "tokens/s", stock, value / stock))
    yield found


def _child(model: str, *, steps: int, tokens: int, stock: bool) -> Figures:
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "scripts.benchmarks.tune", model),
                *(str(steps), str(tokens), "stock" if stock else "ours"),
            ],
            cwd=ROOT,
            env={**os.environ, **({} if stock else FOR_MLX), "LOCALAI_HOME": home},
            stdout=subprocess.PIPE,
            check=True,
        )
    return msgspec.json.decode(done.stdout, type=Figures)


def measure(model: Path, steps: int, tokens: int, *, stock: bool) -> Figures:
    """Train in this process; speeds of all steps but the first ones, which compile."""
    from localai.tune import blas

    if not stock:
        blas.bind()
    import resource

    from localai.config import TuneSettings
    from localai.lessons.maker import Example
    from localai.tune import packing, plan, sft, weights
    from localai.tune.descent import Descent

    trained, _ = weights.load(model)
    options = plan.options(TuneSettings())
    sft.add_lora(trained, options)
    half = EXAMPLE // 2
    example = Example(tuple(range(100, 100 + EXAMPLE)), (0.0,) * half + (1.0,) * half)
    count = (tokens or options.tokens) // EXAMPLE
    rows = [
        [packing.row(example, recalled=i < options.replay * count) for i in range(count)]
        for _ in range(steps)
    ]
    speeds = [step.tokens / step.seconds for step in Descent(trained, rows, options)]
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return Figures(speeds[2:] or speeds, memory)


if __name__ == "__main__":
    model, steps, tokens, kind = sys.argv[1:]
    figures = measure(Path(model), int(steps), int(tokens), stock=kind == "stock")
    print(msgspec.json.encode(figures).decode())
