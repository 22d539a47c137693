"""Many samples at once: the engine beside a bare batch loop and beside `Llama` one by one.

All times are from the question to the last sample, the reading of prompts included, and
ours also has the pipe, the text and a context that is made and freed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from localai.conversation import user
from localai.engine.base import Job, LoadOptions, RenderOptions, Request, Sampling
from localai.engine.process import EngineProcess
from scripts.benchmarks.peers import Peer
from scripts.benchmarks.rows import Row, paired

N_CTX = 8192
PEER_CTX = 16384
WIDTHS = (1, 4, 8, 16, 32, 64)
FIXED = (8, 16, 32)
TOKENS = 64
SAMPLES = 8
PROBLEMS = 32
SHORTEST, LONGEST = 10, 200
GREEDY, WARM = Sampling(temperature=0.0), Sampling(temperature=0.8, seed=1)
STORY = "Tell me a very long story about a lighthouse keeper and the sea, with many details. "

Prompt = tuple[int, ...]


def rate(engine: EngineProcess, jobs: Sequence[Job]) -> float:
    """Tokens/s over all samples."""
    began = time.perf_counter()
    tokens = sum(each.completion.generated_tokens for each in engine.sample(jobs))
    return tokens / (time.perf_counter() - began)


def widths(model: str, rounds: int) -> list[Row]:
    """Bar 1: one prompt of some 150 tokens, n samples of the same length."""
    ours: dict[int, list[float]] = {n: [] for n in WIDTHS}
    bare: dict[int, list[float]] = {n: [] for n in WIDTHS}
    alone: list[float] = []
    with (
        EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine,
        closing(Peer("batch", model, PEER_CTX)) as batch,
        closing(Peer("sequential", model, N_CTX)) as high,
    ):
        ids = engine.render([user(STORY * 7)], RenderOptions()).ids
        request = Request(ids, GREEDY, TOKENS)
        rate(engine, [Job(request, WIDTHS[-1])])
        high.ask(requests=[(ids, 1)], temperature=0.0)
        for _ in range(rounds):
            for n in WIDTHS:
                ours[n].append(rate(engine, [Job(request, n)]))
                bare[n].append(batch.ask(prompts=[ids], each=n, n=TOKENS)["rate"])
            alone.append(high.ask(requests=[(ids, TOKENS)] * 2, temperature=0.0)["rate"])
    return [
        *(
            paired(f"{n} sequences / bare batch of {n}", "tokens/s", ours[n], bare[n], bar=0.95)
            for n in WIDTHS
        ),
        paired("16 sequences / Llama one at a time", "tokens/s", ours[16], alone, bar=2.0),
        paired("64 sequences / 16 sequences", "tokens/s", ours[64], ours[16], bar=1.0),
    ]


def mixed(model: str, rounds: int) -> list[Row]:
    """Bar 2: 32 problems x 8 samples of all lengths (a fourth of them in a single round)."""
    ours: list[float] = []
    alone: list[float] = []
    full: list[float] = []
    problems = PROBLEMS if rounds > 1 else PROBLEMS // 4
    with (
        EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine,
        closing(Peer("batch", model, PEER_CTX)) as batch,
        closing(Peer("sequential", model, N_CTX)) as high,
    ):
        prompts = [engine.render([user(each)], RenderOptions()).ids for each in texts(problems)]
        draw = random.Random(1)
        asked = [(ids, draw.randint(SHORTEST, LONGEST)) for ids in prompts for _ in range(SAMPLES)]
        jobs = [Job(Request(ids, WARM, n)) for ids, n in asked]
        for _ in range(max(1, rounds // 3)):
            ours.append(rate(engine, jobs))
            alone.append(high.ask(requests=asked, temperature=0.8)["rate"])
            full.append(
                max(
                    batch.ask(
                        prompts=prompts[: width // SAMPLES],
                        each=SAMPLES,
                        n=(SHORTEST + LONGEST) // 2,
                    )["rate"]
                    for width in FIXED
                )
            )
    name = f"{len(asked)} samples of {SHORTEST} to {LONGEST} tokens"
    return [
        paired(f"{name} / sequential Llama", "tokens/s", ours, alone, bar=1.8),
        paired(f"{name} / best full batch", "tokens/s", ours, full, bar=0.9),
    ]


def texts(count: int) -> list[str]:
    """Problems with the same beginning, as a set of tasks has it."""
    head = "Solve this step by step, and explain each step in a full sentence. "
    return [
        f"{head}A ship carries {7 * n + 3} boxes with {n + 2} lamps each." for n in range(count)
    ]


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """All figures of batched sampling."""
    yield widths(model, rounds)
    yield mixed(model, rounds)
