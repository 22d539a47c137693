"""A cache for each sequence (streams) beside one that all share (unified): decision 14.

Speed on one thread and in CPU time, so that it can be measured on a machine that is not free.
Also how far the logits of a text move when its cells are not in order, as they are in a shared
cache after somebody has left it, and how many greedy answers of a batch are those one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
from msgspec.structs import replace

from localai.conversation import Finished
from localai.engine.base import (
    Job,
    LoadOptions,
    RenderOptions,
    Request,
    Sampled,
    Sampling,
)
from localai.engine.decoder import Decoder
from localai.engine.llama import Llama
from localai.engine.process import EngineProcess
from localai.engine.sampling import AHEAD, SamplingRun
from localai.tune.items import general
from scripts.benchmarks.rows import Row, paired

WIDTHS = (8, 16, 32)
PROMPT = 150
WRITTEN = (0, 150)
STEPS = 8
WINDOW = 512
QUESTIONS, ANSWER = 40, 64
GREEDY = Sampling(temperature=0.0)


def rate(llama: Llama, width: int, written: int) -> float:
    """Tokens for a CPU second, where each sequence has the prompt and as much of its own."""
    llama.decode([(100 + i, i, 0, i == PROMPT - 1) for i in range(PROMPT)])
    for sequence in range(1, width):
        llama.copy(0, sequence)
    for sequence in range(width):
        rows = [(300 + i, PROMPT + i, sequence, False) for i in range(written)]
        if rows:
            llama.decode(rows)
    began = time.process_time()
    for step in range(STEPS):
        at = PROMPT + written + step
        llama.decode([(300 + sequence, at, sequence, True) for sequence in range(width)])
    return width * STEPS / (time.process_time() - began)


def speed(first: Llama, rounds: int) -> list[Row]:
    """Tokens/s of both at each width, with short and with long texts."""
    found = []
    for written in WRITTEN:
        for width in WIDTHS:
            options = replace(first.options, n_ctx=WINDOW * width, n_seq_max=width)
            rates: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(rounds):
                for streams in (True, False):
                    with closing(first.beside(options, streams=streams)) as llama:
                        rates[streams].append(rate(llama, width, written))
            name = f"{width} sequences, {PROMPT} + {written} tokens, streams / unified"
            found.append(paired(name, "tokens/s", rates[True], rates[False]))
    return found


def moved(first: Llama) -> list[Row]:
    """The largest difference of a logit when cells before the text became free."""
    found = []
    for streams in (True, False):
        options = replace(first.options, n_ctx=WINDOW * 2, n_seq_max=2)
        with closing(first.beside(options, streams=streams)) as llama:
            alone = text(llama)
            llama.forget(0, 0)
            llama.decode([(500 + i, i, 1, False) for i in range(40)])
            after = text(llama)
        name = "logits after a neighbour has left, " + ("streams" if streams else "unified")
        found.append(Row(name, float(np.abs(after - alone).max()), "largest difference"))
    return found


def text(llama: Llama) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Logits after a text in sequence 0; what is in sequence 1 leaves in the middle of it."""
    llama.decode([(100 + i, i, 0, False) for i in range(35)])
    llama.forget(1, 0)
    for at in range(35, 50):
        llama.decode([(200 + at, at, 0, True)])
    return llama.logits(0).copy()


def agreement(model: str) -> list[Row]:
    """Greedy answers to easy questions, side by side: the same as one by one, and twice."""
    with EngineProcess(LoadOptions(model)) as engine:
        asked = [engine.render(item.talk, RenderOptions()).ids for item in general("")[:QUESTIONS]]
    requests = [Request(ids, GREEDY, ANSWER) for ids in asked]
    found = []
    with closing(Llama.open(LoadOptions(model))) as first:
        decoder = Decoder(first)
        alone = [answer(decoder, request) for request in requests]
        for streams in (True, False):
            kind = "streams" if streams else "unified"
            once, again = (together(first, requests, streams=streams) for _ in range(2))
            for what, others in (("one by one", alone), ("a second time", again)):
                same = sum(a == b for a, b in zip(once, others, strict=True))
                name = f"answers side by side, {kind}: the same as {what}"
                found.append(Row(name, same, "answers", n=QUESTIONS))
    return found


def answer(decoder: Decoder, request: Request) -> tuple[int, ...]:
    """Its tokens, with nothing in the cache before."""
    decoder.reset()
    *_, last = decoder.generate(request, lambda: False, frozenset())
    assert isinstance(last, Finished)
    return last.completion.ids


def together(first: Llama, requests: Sequence[Request], *, streams: bool) -> list[tuple[int, ...]]:
    """Their tokens, in the order of the requests."""
    count = WIDTHS[-1]
    options = replace(first.options, n_ctx=WINDOW * count, n_seq_max=count)
    jobs = [(Job(request), request.max_tokens) for request in requests]
    with closing(first.beside(options, streams=streams)) as llama:
        run = SamplingRun(llama, jobs, llama.tokenizer.ends, count - AHEAD)
        found: list[Sampled] = []
        while run.left:
            found += run.step()
    return [each.completion.ids for each in sorted(found, key=lambda each: each.job)]


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Exactness, then speed."""
    yield agreement(model)
    with closing(Llama.open(LoadOptions(model, n_ctx=WINDOW, n_threads=1))) as first:
        yield moved(first)
        yield speed(first, rounds)
