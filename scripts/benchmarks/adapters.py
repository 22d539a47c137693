"""What adapters cost: in decoding and reading, at each swap, in memory.

Random adapters on all linear layers of the model, of a size that training makes. The bare
model is the peer, in the same engine, between the same swaps; for memory, two engines are.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import psutil

from localai.conversation import Finished, user
from localai.digest import sha256
from localai.engine.base import BARE, AdapterFile, LoadOptions, RenderOptions, Request
from localai.engine.beside import beside
from localai.engine.process import EngineProcess
from localai.tune import adapter
from scripts.benchmarks.chat_engine import GREEDY, N_CTX, STORY, TOKENS, consume
from scripts.benchmarks.rows import Row, bootstrap, paired, quantile

RANKS = (8, 16)
READ = 480
"""Tokens of a prompt; one batch."""

SWAPS = 200
SETTLED = 20
"""Swaps after which memory is not to grow any more."""

WINDOW = 1024
"""Of the context beside: as the gate asks for."""

MEGABYTES = 1e6


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Speed, swaps, memory."""
    with tempfile.TemporaryDirectory() as folder:
        made = [random_adapter(model, Path(folder), rank) for rank in RANKS]
        with EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine:
            yield speed(engine, made, rounds)
        with EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine:
            yield swaps(engine, made)
        yield [memory(model, made[0])]


def random_adapter(model: str, folder: Path, rank: int) -> AdapterFile:
    """An adapter on every matrix of every layer; strong enough to prove that it works."""
    draw = np.random.default_rng(rank)
    reader = gguf.GGUFReader(model)
    matrices: dict[str, adapter.Matrix] = {}
    for tensor in reader.tensors:
        if tensor.name.startswith("blk.") and len(tensor.shape) == 2:
            inputs, outputs = (int(size) for size in tensor.shape)
            name = tensor.name.removesuffix(".weight")
            a, b = draw.standard_normal((inputs, rank)), draw.standard_normal((rank, outputs))
            matrices[f"{name}.lora_a"] = (a / inputs**0.5).astype(np.float32)
            matrices[f"{name}.lora_b"] = (b / 500).astype(np.float32)
    architecture = reader.fields["general.architecture"].contents()
    path = folder / f"rank-{rank}.gguf"
    adapter.write(path, str(architecture), matrices, lambda name: name, rank=rank, scale=2.0)
    return AdapterFile(str(path), sha256(path))


def swap(engine: EngineProcess, wanted: AdapterFile) -> float:
    """Milliseconds it took."""
    began = time.perf_counter()
    engine.use_adapter(wanted.path, wanted.sha256)
    return 1000 * (time.perf_counter() - began)


def speed(engine: EngineProcess, made: list[AdapterFile], rounds: int) -> list[Row]:
    """Bar: decoding with rank 8 against the bare model; reading beside it."""
    draw, size = random.Random(3), engine.load().n_vocab
    ids = engine.render([user(STORY)], RenderOptions()).ids
    decoded: dict[AdapterFile, list[float]] = {each: [] for each in (BARE, *made)}
    read: dict[AdapterFile, list[float]] = {each: [] for each in (BARE, *made)}
    for round_ in range(rounds + 1):
        for each in decoded:
            swap(engine, each)
            prompt = tuple(draw.randrange(100, size) for _ in range(READ))
            *_, last = engine.generate(Request(prompt, GREEDY, 1))
            assert isinstance(last, Finished)
            rate = consume(engine, ids, TOKENS)[0]
            if round_:
                read[each].append(1000 * READ / last.completion.timings.prompt_ms)
                decoded[each].append(rate)
    found = []
    for what, figures, bar in (("decode", decoded, 0.8), ("prompt", read, None)):
        for each, rank in zip(made, RANKS, strict=True):
            name = f"{what} with rank {rank} / bare model"
            held = bar if rank == RANKS[0] else None
            found.append(paired(name, "tokens/s", figures[each], figures[BARE], held))
    return found


def swaps(engine: EngineProcess, made: list[AdapterFile]) -> list[Row]:
    """Bar: a swap among adapters used lately, and what 200 of them leave in memory."""
    ids = engine.render([user(STORY)], RenderOptions()).ids
    engine.load()
    first = [swap(engine, each) for each in made]
    process = psutil.Process(engine.pid)
    taken, sizes = [], []
    for number in range(SETTLED + SWAPS):
        taken.append(swap(engine, (BARE, *made)[number % (1 + len(made))]))
        consume(engine, ids, 2)
        sizes.append(process.memory_info().rss / MEGABYTES)
    taken, before = taken[SETTLED:], sizes[SETTLED - 1]
    growth = sizes[-1] / before
    n = len(taken)
    return [
        Row("first use: read, hashed, proven", max(first), "ms", better="low", n=len(first)),
        Row("swap, median", statistics.median(taken), "ms", interval=bootstrap(taken),
            better="low", n=n),
        Row("swap, p95", quantile(taken, 0.95), "ms", bar=50, better="low", n=n),
        Row(f"memory after {SWAPS} swaps / before", sizes[-1], "MB", before, growth,
            bar=1.02, better="low", n=n),
    ]  # fmt: skip


def memory(model: str, made: AdapterFile) -> Row:
    """Base and tuned from one loaded model, against an engine for each; both have answered."""
    with EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine:
        ids = engine.render([user(STORY)], RenderOptions()).ids
        consume(engine, ids, TOKENS)
        with beside(engine, made, WINDOW) as tuned:
            list(tuned.generate(Request(ids, GREEDY, TOKENS)))
            ours = held(engine)
        with EngineProcess(LoadOptions(model, n_ctx=WINDOW)) as other:
            swap(other, made)
            consume(other, ids, TOKENS)
            peers = held(engine) + held(other)
    name = "memory, base and tuned side by side / two engines"
    return Row(name, ours, "MB", peers, ours / peers, better="low")


def held(engine: EngineProcess) -> float:
    """Megabytes of an engine's process; pages that two share count half where that is known."""
    found = psutil.Process(engine.pid).memory_full_info()
    return float(getattr(found, "pss", found.rss)) / MEGABYTES
