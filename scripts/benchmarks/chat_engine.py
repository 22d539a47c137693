"""The engine as the chat feels it: decode speed, first token, a busy machine, cancel.

Peers: a bare llama_decode loop and the high-level llama_cpp.Llama, interleaved.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from localai.conversation import Delta, Finished, Message, assistant, user
from localai.engine.base import LoadOptions, RenderOptions, Request, Sampling
from localai.engine.process import EngineProcess
from scripts.benchmarks.peers import Peer
from scripts.benchmarks.rows import Row, bootstrap, paired, quantile

N_CTX = 4096
TOKENS = 128
GREEDY = Sampling(temperature=0.0, repeat_penalty=1.0)
WORDS = "the lamp was lit and the ships came home over a calm grey sea that night"
STORY = "Tell me a very long story about a lighthouse keeper, with many details."


def as_chat(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages as the high-level API takes them."""
    return [{"role": message.role, "content": message.text} for message in messages]


def consume(engine: EngineProcess, ids: Sequence[int], n: int) -> tuple[float, float]:
    """Tokens/s after the first event and seconds to it, as a consumer of events sees them."""
    asked = time.perf_counter()
    first = last = 0.0
    tokens = counted = 0
    for event in engine.generate(Request(ids=tuple(ids), sampling=GREEDY, max_tokens=n)):
        if isinstance(event, Delta):
            last = time.perf_counter()
            tokens += event.tokens
            if not first:
                first, counted = last, event.tokens
    rate = (tokens - counted) / (last - first) if last > first else 0.0
    return rate, first - asked


def decode_speed(model: str, rounds: int) -> list[Row]:
    """Bar 1: through pipe, detokenizing and events, against the bare loop and `Llama`."""
    prompt = [user(STORY)]
    ours: list[float] = []
    bare_rates: list[float] = []
    high_rates: list[float] = []
    with (
        EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine,
        closing(Peer("bare", model, N_CTX)) as bare,
        closing(Peer("high", model, N_CTX)) as high,
    ):
        ids = engine.render(prompt, RenderOptions()).ids
        for round_ in range(rounds + 1):
            own = consume(engine, ids, TOKENS)[0]
            plain = bare.ask(ids=ids, n=TOKENS)["rate"]
            llama = high.ask(messages=as_chat(prompt), n=TOKENS)["rate"]
            if round_:
                ours.append(own)
                bare_rates.append(plain)
                high_rates.append(llama)
    return [
        paired("decode / bare loop", "tokens/s", ours, bare_rates, bar=0.97),
        paired("decode / Llama stream", "tokens/s", ours, high_rates, bar=1.0),
    ]


def long_conversation() -> list[Message]:
    """19 turns, about 3,000 tokens with the starter's vocabulary."""
    words = WORDS.split()
    draw = random.Random(1)
    messages: list[Message] = []
    for turn in range(19):
        messages.append(user(f"Question {turn}: " + " ".join(draw.choices(words, k=40)) + "?"))
        messages.append(assistant(" ".join(draw.choices(words, k=100)) + "."))
    return messages


def first_token(model: str, rounds: int) -> list[Row]:
    """Bar 2: the first token of turn 20, against reading only that turn's tokens."""
    history = long_conversation()
    ours: list[float] = []
    bare_seconds: list[float] = []
    high_seconds: list[float] = []
    with (
        EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine,
        closing(Peer("bare", model, N_CTX)) as bare,
        closing(Peer("high", model, N_CTX)) as high,
    ):
        before = engine.render(history, RenderOptions(generation_prompt=False)).ids
        for round_ in range(rounds + 1):
            turn = [*history, user(f"And what did keeper number {round_ + 10} do in that storm?")]
            consume(engine, before, 1)
            asked = time.perf_counter()
            ids = engine.render(turn, RenderOptions()).ids
            rendering = time.perf_counter() - asked
            own = rendering + consume(engine, ids, 2)[1]
            shared = sum(1 for _ in _common(before, ids))
            plain = bare.ask(prefix=ids[:shared], ids=ids[shared:])["seconds"]
            high.ask(messages=as_chat(history), n=1)
            llama = high.ask(messages=as_chat(turn), n=2)["seconds"]
            if round_:
                ours.append(own * 1000)
                bare_seconds.append(plain * 1000)
                high_seconds.append(llama * 1000)
    return [
        paired(
            f"first token, turn 20 ({len(before)} tokens) / new tokens only",
            "ms", ours, bare_seconds, bar=1.2, better="low",
        ),
        paired("first token, turn 20 / Llama", "ms", ours, high_seconds, better="low"),
    ]  # fmt: skip


def _common(a: Sequence[int], b: Sequence[int]) -> Iterator[int]:
    for x, y in zip(a, b, strict=False):
        if x != y:
            return
        yield x


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """One process that keeps one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def beside_a_busy_process(model: str, rounds: int) -> list[Row]:
    """Bar 3: decode speed with one busy loop beside it, as a share of the idle speed."""
    prompt = [user(STORY)]
    shares: dict[str, list[float]] = {"ours": [], "high": []}
    busy_rates: list[float] = []
    with (
        EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine,
        closing(Peer("high", model, N_CTX)) as high,
    ):
        ids = engine.render(prompt, RenderOptions()).ids

        def both(n: int) -> tuple[float, float]:
            return (
                consume(engine, ids, n)[0],
                high.ask(messages=as_chat(prompt), n=n)["rate"],
            )

        both(TOKENS)
        for _ in range(rounds):
            idle = both(2 * TOKENS)
            with busy_neighbour():
                busy = both(2 * TOKENS)
            busy_rates.append(busy[0])
            shares["ours"].append(busy[0] / idle[0])
            shares["high"].append(busy[1] / idle[1])
    return [
        Row(
            "decode beside a busy loop, share of idle (Llama's share as peer)",
            statistics.median(busy_rates),
            "tokens/s",
            peer=statistics.median(shares["high"]),
            ratio=statistics.median(shares["ours"]),
            interval=bootstrap(shares["ours"]),
            bar=0.6,
            n=rounds,
        )
    ]


def cancel(model: str, times: int) -> list[Row]:
    """Bar 9: from cancel to the Finished event, at random places of a generation."""
    draw = random.Random(2)
    latencies: list[float] = []
    with EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine:
        ids = engine.render([user(STORY)], RenderOptions()).ids
        while len(latencies) < times:
            stop_after = draw.randint(1, 40)
            asked = 0.0
            seen = 0
            request = Request(ids=ids, sampling=GREEDY, max_tokens=400)
            for event in engine.generate(request):
                seen += isinstance(event, Delta)
                if seen == stop_after and not asked:
                    asked = time.perf_counter()
                    engine.cancel()
                if isinstance(event, Finished) and asked:
                    latencies.append(1000 * (time.perf_counter() - asked))
    return [
        Row("cancel while generating, p95", quantile(latencies, 0.95), "ms",
            bar=200, better="low", n=times)
    ]  # fmt: skip


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """All engine figures of the chat, one group at a time."""
    yield decode_speed(model, rounds)
    yield first_token(model, rounds)
    yield beside_a_busy_process(model, max(3, rounds // 2))
    yield cancel(model, 100)
