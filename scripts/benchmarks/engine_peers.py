"""Peers of the batched engine; run through `peers.Peer`.

`batch` is the least a Python program can do to decode several sequences with llama.cpp:
one prompt, forked, greedy, no text, nobody joins or leaves. `sequential` is
llama_cpp.Llama asked for one completion after the other, with its own prefix reuse.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from scripts.benchmarks.bare import PORTION, BareContext

SEQUENCES = 128


class Batch(BareContext):
    """llama_decode over a unified cache."""

    def __init__(self, model: str, n_ctx: int) -> None:
        super().__init__(model, n_ctx, SEQUENCES)

    def decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        """Rows of (token, position, sequence, logits wanted)."""
        batch = self.batch
        for i, (token, position, sequence, logits) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, logits
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        batch.n_tokens = len(rows)
        if self.api.llama_decode(self.context, batch):
            raise RuntimeError("llama_decode failed")

    def run(self, command: dict[str, Any]) -> dict[str, float]:
        """{prompts, each, n}: tokens/s of `each` sequences of n tokens after every prompt."""
        began = time.perf_counter()
        each, n, at = command["each"], command["n"], 0
        running: list[tuple[int, int]] = []
        self.api.llama_memory_clear(self.memory, True)
        for prompt in command["prompts"]:
            last = len(prompt) - 1
            for start in range(0, last, PORTION):
                part = prompt[start : min(start + PORTION, last)]
                self.decode([(id, start + i, at, False) for i, id in enumerate(part)])
            for fork in range(at + 1, at + each):
                self.api.llama_memory_seq_cp(self.memory, at, fork, 0, last)
            running += [(prompt[last], last)] * each
            at += each
        for _ in range(n):
            self.decode([(id, pos, s, True) for s, (id, pos) in enumerate(running)])
            running = [
                (self.api.llama_sampler_sample(self.sampler, self.context, s), pos + 1)
                for s, (_, pos) in enumerate(running)
            ]
        return {"rate": len(running) * n / (time.perf_counter() - began)}


class Sequential:
    """llama_cpp.Llama, one completion after the other."""

    def __init__(self, model: str, n_ctx: int) -> None:
        from llama_cpp import Llama

        self._llama = Llama(model, n_ctx=n_ctx, verbose=False)

    def run(self, command: dict[str, Any]) -> dict[str, float]:
        """{requests: (prompt, n) pairs, temperature}: tokens/s over all of them."""
        began, tokens = time.perf_counter(), 0
        for seed, (prompt, n) in enumerate(command["requests"]):
            done: Any = self._llama.create_completion(
                prompt, max_tokens=n, temperature=command["temperature"], seed=seed
            )
            tokens += done["usage"]["completion_tokens"]
        return {"rate": tokens / (time.perf_counter() - began)}
