"""What a quantised cache changes in what the model says: decision 17.

The distributions after each token of a text, beside those with a float16 cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from localai.context_window import KvType
from localai.engine.base import LoadOptions
from localai.engine.llama import Llama
from scripts.benchmarks.rows import Row

TEXT = Path(__file__).parents[2] / "docs" / "guide.md"
TOKENS = 512
TYPES: tuple[KvType, ...] = ("q8_0", "q4_0")

Logs = np.ndarray[tuple[int, int], np.dtype[np.float32]]
"""(tokens, n_vocab) log-probabilities."""


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """Two rows for each type."""
    plain = logs(model, "f16")
    for kv_type in TYPES:
        other = logs(model, kv_type)
        each = (np.exp(plain) * (plain - other)).sum(axis=1)
        mean, error = float(each.mean()), float(each.std(ddof=1)) / TOKENS**0.5
        same = 100 * float((plain.argmax(axis=1) == other.argmax(axis=1)).mean())
        yield [
            Row(f"{kv_type}: KL to f16, mean and its standard error", mean, "nats",
                interval=(mean - error, mean + error), better="low", n=TOKENS),
            Row(f"{kv_type}: same likeliest token", same, "%", n=TOKENS),
        ]  # fmt: skip


def logs(model: str, kv_type: KvType) -> Logs:
    """After each of the first tokens of the text, read in portions."""
    with closing(Llama.open(LoadOptions(model, n_ctx=2 * TOKENS, kv_type=kv_type))) as llama:
        ids = llama.tokenizer.tokenize(TEXT.read_text("utf-8"), special=False)[:TOKENS]
        found = []
        for at in range(0, TOKENS, llama.n_outputs):
            part = ids[at : at + llama.n_outputs]
            llama.decode([(id, at + i, 0, True) for i, id in enumerate(part)])
            found += [llama.logits(row).copy() for row in range(len(part))]
    logits = np.array(found)
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits
