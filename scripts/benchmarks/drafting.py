"""What prompt-lookup drafting could bring: decision 18.

What follows the last few tokens where they stood before is a draft, and one decode of all its
rows says how much of it is right. That pays where many rows cost little more than one and
drafts come true. Here both are measured, and greedy answers are told what they would have
taken; also how far the logits of a row move when others are beside it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np

from localai.conversation import Finished, user
from localai.engine.base import LoadOptions, RenderOptions, Request
from localai.engine.llama import Llama
from localai.engine.process import EngineProcess
from scripts.benchmarks.chat_engine import GREEDY
from scripts.benchmarks.rows import Row

N_CTX = 4096
LENGTHS = (200, 1400)
ROWS = (1, 2, 4, 8, 16)
STEPS = 6
WRITTEN = 160
POLICIES = ((3, 1, 3), (3, 3, 7), (8, 1, 7))
"""Tokens that must be the same, the length of the first draft, and of the longest: each that
comes true doubles the next."""

TEXTS = (
    "The ferry to the island leaves at seven in the morning and at four in the afternoon. In "
    "winter the second boat does not run, because the harbour freezes. Tickets are sold on the "
    "quay. Dogs travel free, bicycles cost two coins. The crossing takes forty minutes when the "
    "sea is calm, and nobody has ever waited for the lighthouse keeper.",
    "Our library opens on Monday at nine. Children under ten need an adult with them. Books may "
    "be kept for three weeks and renewed twice, by telephone or at the desk. Films are lent for "
    "two days. Whoever returns a book late pays ten cents a day, but never more than five coins.",
    "To make the bread, mix five hundred grams of flour with three hundred grams of water and "
    "leave it for an hour. Then add ten grams of salt and a spoon of yeast. Fold the dough four "
    "times, once every half an hour. Bake it in a hot pot for forty minutes, and wait until it "
    "is cold before you cut it.",
    "It was decided that the fence will be painted green in May, and that the gate stays open on "
    "Sundays. The treasurer said that there are four hundred coins left. The new pump works, so "
    "the old one will be sold. The next meeting is on the third of June, at ten.",
)
TASKS = (
    "Quote the text word for word, then summarise it in one sentence.",
    "Summarise the following text and quote the two most important sentences exactly.",
    "Repeat this text exactly as it is, but write it in two paragraphs.",
)
GENERAL = (
    "Tell me a story about a cat and a mouse.",
    "Why is the sky blue?",
    "Write a short poem about autumn.",
    "Explain how a bicycle works.",
    "What should I cook tonight with potatoes and eggs?",
    "List ten animals and say a word about each.",
)

Prompt = Sequence[int]


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Costs and exactness, then what answers would have taken."""
    with closing(Llama.open(LoadOptions(model, n_ctx=N_CTX))) as llama:
        costs = {length: steps(llama, length, rounds) for length in LENGTHS}
        yield [row for length in LENGTHS for row in compared(length, costs[length])]
        yield [moved(llama, length) for length in LENGTHS]
    with EngineProcess(LoadOptions(model, n_ctx=N_CTX)) as engine:
        quoting = [f"{task}\n\n{text}" for task in TASKS for text in TEXTS]
        texts = {"quoting": answers(engine, quoting), "other": answers(engine, GENERAL)}
    yield [
        gain(f"best case of {kind} answers, policy {policy}", written, costs[LENGTHS[0]], policy)
        for policy in POLICIES
        for kind, written in texts.items()
    ]


def ids(length: int) -> list[int]:
    """Tokens of no meaning."""
    return [300 + 7 * at % 5000 for at in range(length)]


def read(llama: Llama, length: int) -> None:
    """Into an empty cache."""
    llama.forget(0, 0)
    for at in range(0, length, llama.n_batch):
        part = ids(length)[at : at + llama.n_batch]
        llama.decode([(id, at + i, 0, False) for i, id in enumerate(part)])


def steps(llama: Llama, length: int, rounds: int) -> dict[int, float]:
    """Milliseconds of a decode of so many rows after a text."""
    read(llama, length)
    taken: dict[int, list[float]] = {n: [] for n in ROWS}
    for _ in range(rounds * STEPS):
        for n in ROWS:
            llama.forget(0, length)
            began = time.perf_counter()
            llama.decode([(300 + i, length + i, 0, True) for i in range(n)])
            taken[n].append(1000 * (time.perf_counter() - began))
    return {n: statistics.median(each) for n, each in taken.items()}


def compared(length: int, cost: dict[int, float]) -> Iterator[Row]:
    """Beside one row."""
    for n in ROWS[1:]:
        name = f"{n} rows at {length} tokens / one"
        yield Row(name, cost[n], "ms", cost[1], cost[n] / cost[1], better="low")


def moved(llama: Llama, length: int) -> Row:
    """The largest difference of a logit between rows one by one and side by side."""
    found = []
    for side_by_side in (1, ROWS[-1]):
        read(llama, length)
        logits = []
        for at in range(0, ROWS[-1], side_by_side):
            llama.decode([(300 + at + i, length + at + i, 0, True) for i in range(side_by_side)])
            logits += [llama.logits(row).copy() for row in range(side_by_side)]
        found.append(np.array(logits))
    most = float(np.abs(found[0] - found[1]).max())
    return Row(f"logits of {ROWS[-1]} rows at {length} tokens", most, "largest difference")


def answers(engine: EngineProcess, prompts: Sequence[str]) -> list[tuple[Prompt, Prompt]]:
    """The tokens of each prompt and of its greedy answer."""
    found: list[tuple[Prompt, Prompt]] = []
    for prompt in prompts:
        asked = engine.render([user(prompt)], RenderOptions()).ids
        *_, last = engine.generate(Request(asked, GREEDY, WRITTEN))
        assert isinstance(last, Finished)
        found.append((asked, last.completion.ids))
    return found


def gain(
    name: str,
    texts: Sequence[tuple[Prompt, Prompt]],
    cost: dict[int, float],
    policy: tuple[int, int, int],
) -> Row:
    """Times as fast as token by token, the median over answers; the interval is their range."""
    found = [
        cost[1] * (len(written) - 1) / spent((*prompt, *written), len(prompt), cost, policy)
        for prompt, written in texts
    ]
    return Row(name, statistics.median(found), "x", interval=(min(found), max(found)), n=len(found))


def spent(text: Prompt, prompt: int, cost: dict[int, float], policy: tuple[int, int, int]) -> float:
    """Milliseconds for what follows the prompt and its first token, drafted."""
    same, first, longest = policy
    at, size, total = prompt + 1, first, 0.0
    while at < len(text):
        known = text[:at]
        draft = following(known, same)[: min(size, len(text) - at - 1)]
        right = 0
        while right < len(draft) and draft[right] == text[at + right]:
            right += 1
        total += float(np.interp(1 + len(draft), list(cost), list(cost.values())))
        at += right + 1
        if draft:
            size = min(2 * size, longest) if right == len(draft) else first
    return total


def following(known: Prompt, same: int) -> Prompt:
    """What came after the last tokens where they stood last before; empty where they never did."""
    key = known[-same:]
    for at in range(len(known) - 1, same - 1, -1):
        if known[at - same : at] == key:
            return known[at:]
    return ()
