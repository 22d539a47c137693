"""Training speed, memory and loss of localai's trainer, against mlx-lm's own.

mlx-lm's LoRA trainer gets the same model, examples, matrices and BLAS (`trainers`), but none
of our settings for the memory allocator. It has no replay, so ours has none beside it; a row
of its own says what a step with the usual share of replay costs, all of it new, so that
reading the bare model is counted. MLX with the BLAS of its wheel shows why we bring ours.
A round is one run of each; `--rounds 1` takes some minutes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from localai.config import TuneSettings
from localai.lessons.maker import Example
from localai.tune import plan
from localai.tune.training import FOR_MLX
from scripts.benchmarks import small_talk
from scripts.benchmarks.rows import Row, bootstrap, paired
from scripts.benchmarks.trainers import Figures, Work

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = 8
WARMUP = 2
"""Steps; the usual number would be most of these short runs."""

REPLAY_STEPS = 3
"""Steps with replay that are timed in each round."""

GIGABYTES = 1e9


class Kind(NamedTuple):
    """Chat examples of a length: sentences of an answer, tokens in all, how many there are and
    how many are in a step; the bar for the speed."""

    name: str
    sentences: tuple[int, int]
    tokens: tuple[int, int]
    examples: int
    batch: int
    bar: float


SHORT = Kind("short examples (30 to 120 tokens)", (1, 6), (30, 120), 36, 6, 1.35)
LONG = Kind("long examples (500 to 1,000 tokens)", (34, 76), (500, 1000), 6, 1, 1.2)


class Trial(NamedTuple):
    """Examples to train on and examples to judge by, of one length."""

    kind: Kind
    taught: list[Example]
    held_out: list[Example]


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Speed, memory and loss beside the peer; then the cost of replay, and of the stock BLAS."""
    trials = [_trial(model, kind) for kind in (SHORT, LONG)]
    for trial in trials:
        yield _beside_peer(model, trial, rounds)
    yield _with_replay(model, trials[0], rounds)


def _trial(model: str, kind: Kind) -> Trial:
    made = small_talk.examples(
        model, kind.examples + HELD_OUT, seed=0, sentences=kind.sentences, tokens=kind.tokens
    )
    return Trial(kind, made[HELD_OUT:], made[:HELD_OUT])


def _beside_peer(model: str, trial: Trial, rounds: int) -> list[Row]:
    kind, taught, held_out = trial
    before = _run(_work(model, kind, taught, passes=0, held_out=held_out)).losses
    ours, peers = list[Figures](), list[Figures]()
    for seed in range(rounds):
        for found, trainer in ((ours, "ours"), (peers, "mlx-lm")):
            given = _work(model, kind, taught, trainer=trainer, held_out=held_out, seed=seed)
            found.append(_run(given))

    def row(name: str, unit: str, read: Callable[[Figures], float], **bound: Any) -> Row:
        return paired(name, unit, list(map(read, ours)), list(map(read, peers)), **bound)

    return [
        row(f"{kind.name}: speed / mlx-lm", "examples/s", lambda each: each.speed, bar=kind.bar),
        row("peak memory / mlx-lm", "GB", lambda each: each.memory / GIGABYTES, bar=0.8,
            better="low"),
        _losses(before, ours, peers),
    ]  # fmt: skip


def _losses(before: list[float], ours: list[Figures], peers: list[Figures]) -> Row:
    """The difference example by example, each the mean over the rounds, after as many examples
    seen."""
    pairs = [
        (statistics.mean(own), statistics.mean(peer))
        for own, peer in zip(
            zip(*(each.losses for each in ours), strict=True),
            zip(*(each.losses for each in peers), strict=True),
            strict=True,
        )
    ]
    differences = [own - peer for own, peer in pairs]
    own, peer = (statistics.mean(side) for side in zip(*pairs, strict=True))
    return Row(
        f"held-out loss {own:.4f} (before {statistics.mean(before):.4f}, mlx-lm {peer:.4f}): "
        "ours - mlx-lm",
        statistics.median(differences),
        "nats",
        interval=bootstrap(differences),
        bar=0,
        better="low",
        n=len(differences),
    )


def _with_replay(model: str, trial: Trial, rounds: int) -> list[Row]:
    kind, taught, _ = trial
    share = plan.options(TuneSettings(), data=False).replay
    some = taught[: kind.batch * REPLAY_STEPS]
    ours = [_run(_work(model, kind, some, recalled=share, seed=seed)) for seed in range(rounds)]
    speeds = [
        tokens / seconds
        for each in ours
        for tokens, seconds in zip(each.tokens, each.seconds, strict=True)
    ]
    memory = max(each.memory for each in ours) / GIGABYTES
    value = statistics.median(speeds)
    found = [
        Row(f"training, {share:.0%} of it replay", value, "tokens/s",
            interval=bootstrap(speeds), bar=100, n=len(speeds)),
        Row("peak memory of the trainer", memory, "GB", bar=3, better="low", n=rounds),
    ]  # fmt: skip
    if sys.platform == "linux":  # slow: one small step of it is enough to see how slow
        stock = _run(_work(model, kind._replace(batch=2), some[:2], passes=1, stock=True))
        peer = stock.tokens[0] / stock.seconds[0]
        found.append(Row("training / stock BLAS", value, "tokens/s", peer, value / peer))
    return found


def _work(model: str, kind: Kind, taught: list[Example], *, seed: int = 0, **others: Any) -> Work:
    options = replace(plan.options(TuneSettings(), data=False), warmup=WARMUP, seed=seed)
    given = {"trainer": "ours", **others}
    return Work(model=model, options=options, examples=taught, batch=kind.batch, **given)


def _run(given: Work) -> Figures:
    """In a process of its own; the stock one and the peer without our allocator settings."""
    plain = given.stock or given.trainer != "ours"
    with tempfile.TemporaryDirectory() as home:
        task, figures = Path(home) / "work.msgpack", Path(home) / "figures.json"
        task.write_bytes(msgspec.msgpack.encode(given))
        subprocess.run(
            [sys.executable, "-m", "scripts.benchmarks.trainers", str(task), str(figures)],
            cwd=ROOT,
            env={**os.environ, **({} if plain else FOR_MLX), "LOCALAI_HOME": home},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return msgspec.json.decode(figures.read_bytes(), type=Figures)
