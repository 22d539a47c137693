"""What a tune would take: steps, time and memory, told before anything is trained.

By the last runs of the same model where there are some, else by rules of thumb, which know a
CPU's cores and nothing of a GPU. Nothing here is exact, and MLX is not needed.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from localai.catalog.gguf import read_header
from localai.engine.threads import physical_cores
from localai.lessons.maker import Example
from localai.store.store import Store
from localai.store.tuning import Run
from localai.tune import packing, sharing
from localai.tune.plan import Options

RUNS = 3
"""So many of the last runs tell how long the next one will take."""
CORE = 9e9
"""Parameters times tokens that a CPU core trains on in a second (2 cores and 135 million
parameters: 131 to 149 tokens/s, docs/numbers.md)."""
ASKED = 70_000
"""What a run does beside training, most of it the gate, takes as long as training on so many
tokens (docs/numbers.md, A night)."""
REPLAYED = 12_000
"""Tokens of all that is replayed, about; it comes round once at least."""
PROGRAM, HELD = 0.7e9, 1.25
"""On a CPU training takes so many bytes and so many times the weights (docs/numbers.md)."""
GPU_PROGRAM, GPU_HELD = 1e9, 2
"""The same on a GPU, where every intermediate is kept."""
FLOAT32 = 4


class Pace(msgspec.Struct, frozen=True):
    """How a model is trained on this machine: tokens a second, seconds that a run takes
    `beside` training, bytes of memory; learned from so many `runs`, 0 for rules of thumb."""

    speed: float
    beside: float
    memory: int
    runs: int = 0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What is trained on: `examples` of `tokens`, of which `supervised` count, gone through in
    `steps`. `training_seconds` are part of `seconds`; `memory` is the training process's, in
    bytes. `from_runs`: so many runs of this model say so, 0 for a rule of thumb. `rounds`: so
    often it is trained, each time on more of the model's own answers, 0 for once without any."""

    examples: int
    tokens: int
    supervised: int
    steps: int
    training_seconds: float
    seconds: float
    memory: int
    from_runs: int
    rounds: int = 0


def estimate(examples: Sequence[Example], options: Options, pace: Pace) -> Estimate:
    """What training on these examples would take, and the run around it."""
    steps, read = _steps(examples, options)
    seconds = read / pace.speed
    if 0 < options.seconds < seconds:  # the schedule gets shorter to fit
        steps = int(steps * options.seconds / seconds)
        seconds = options.seconds
    return Estimate(
        examples=len(examples),
        tokens=sum(len(each.ids) for each in examples),
        supervised=sum(sum(map(bool, each.weights)) for each in examples),
        steps=steps,
        training_seconds=seconds,
        seconds=seconds + pace.beside,
        memory=pace.memory,
        from_runs=pace.runs,
    )


def pace(store: Store, model: str, path: Path) -> Pace:
    """How the model `model` in the file `path` is trained here."""
    return _seen(store, model) or _usual(path)


def _seen(store: Store, model: str) -> Pace | None:
    """By its last runs on this machine alone that came to an end; None when there are none."""
    ended = [
        run
        for run in store.runs()
        if run.model == model
        and run.verdict
        and run.verdict.get("memory")
        and run.verdict.get("machines", 1) == 1
    ][:RUNS]
    steps = {run.id: _made(store, run) for run in ended}
    told = [run for run in ended if steps[run.id]]
    if not told:
        return None
    beside = [
        run.updated - run.created - _paused(run) - _trained(steps[run.id])
        for run in told
        # Nobody knows how long a resumed run lay there; rounds are told of by themselves.
        if run.verdict and not run.verdict.get("resumed") and not run.plan.get("rl")
    ]
    speed = statistics.median(speed for run in told for _, speed in steps[run.id])
    return Pace(
        speed=speed,
        beside=max(0.0, statistics.median(beside)) if beside else ASKED / speed,
        memory=max(int(run.verdict["memory"]) for run in told if run.verdict),
        runs=len(told),
    )


def _made(store: Store, run: Run) -> list[tuple[float, float]]:
    """Of each step its tokens and tokens a second; the first one warmed up, where there is
    another. Runs of before this was recorded filled every step alike."""
    usual = float(run.plan["options"]["tokens"])
    found = [
        (values.get("tokens", usual), values.get("tokens_per_second", 0.0))
        for _, values in store.metrics(run.id)
    ]
    return [each for each in found[1:] or found if each[1] > 0]


def _paused(run: Run) -> float:
    """How long a run waited for a chat."""
    return float((run.verdict or {}).get("paused", 0.0))


def _trained(steps: Sequence[tuple[float, float]]) -> float:
    """About how long a run trained."""
    return sum(tokens / speed for tokens, speed in steps)


def _usual(path: Path) -> Pace:
    """By rules of thumb: on Linux weights are trained as float32, elsewhere as in the file."""
    header = read_header(path)
    speed = CORE * physical_cores() / max(1, header.parameters)
    if sys.platform == "linux":
        memory = HELD * FLOAT32 * header.parameters + PROGRAM
    else:
        memory = GPU_HELD * header.weight_bytes + GPU_PROGRAM
    return Pace(speed, ASKED / speed, int(memory))


def _steps(examples: Sequence[Example], options: Options) -> tuple[int, float]:
    """Steps of all epochs, and about how many tokens are read in them."""
    rows: Sequence[packing.Row] = [packing.row(each) for each in examples]
    rows = sharing.shared(rows) if sys.platform == "linux" else rows
    new = options.epochs * packing.rest(rows)
    share = packing.replay_share(new, REPLAYED, least=options.replay)
    random, own = np.random.default_rng(options.seed), int(options.tokens * (1 - share))
    steps = packing.steps(rows, (), tokens=own, share=0.0, random=random, epochs=options.epochs)
    read = [packing.computed(step) for step in steps]
    return len(read), sum(read) / (1 - share)
