"""Training on examples that begin alike, with and without reading what they share once.

Steps as training makes them, forwards and backwards, without the optimizer; one round goes
through all examples in both ways.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from localai.lessons.maker import Example
from localai.tune import blas, packing, sharing
from localai.tune.packing import Row
from localai.tune.plan import TOKENS, Options
from scripts.benchmarks.rows import Row as Figure
from scripts.benchmarks.rows import paired

HEAD, OWN, COUNTED = 250, 70, 30
"""Tokens of the beginning, of what follows it, and of these the ones that are learned."""

EXAMPLES = 24
OPTIONS = Options(rank=16, learning_rate=1e-3, epochs=1, replay=0.0)


def rows(model: str, rounds: int) -> Iterator[list[Figure]]:
    """Examples a second, read together beside one by one."""
    blas.bind()
    from localai.tune import sft, weights

    found, _ = weights.load(Path(model))
    sft.add_lora(found, OPTIONS)
    apart = examples()
    together = sharing.shared(apart)
    speed(found, together)  # warms up
    pairs = [(speed(found, together), speed(found, apart)) for _ in range(rounds)]
    ours, theirs = [one for one, _ in pairs], [other for _, other in pairs]
    yield [paired("beginnings read once / every time", "examples/s", ours, theirs)]


def examples() -> list[Row]:
    """Random tokens after one beginning."""
    draw = np.random.default_rng(0)
    head = draw.integers(100, 40_000, HEAD).tolist()
    weights = (0.0,) * (HEAD + OWN - COUNTED) + (1.0,) * COUNTED
    own = [draw.integers(100, 40_000, OWN).tolist() for _ in range(EXAMPLES)]
    return [packing.row(Example((*head, *each), weights)) for each in own]


def speed(model: Any, rows: Sequence[Row]) -> float:
    """Examples a second of one time through."""
    import mlx.core as mx

    from localai.tune import sft
    from localai.tune.backward import value_and_gradients

    draw = np.random.default_rng(0)
    began = time.perf_counter()
    for step in packing.steps(rows, (), tokens=TOKENS, share=0.0, random=draw):
        mx.eval(value_and_gradients(model, *sft.arrays(packing.pack(step))))
    return len(rows) / (time.perf_counter() - began)
