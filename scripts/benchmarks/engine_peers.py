"""Peers of the batched engine; run through `peers.Peer`.

`batch` is the least a Python program can do to decode several sequences with llama.cpp:
one prompt, forked, greedy, no text, nobody joins or leaves. `sequential` is
llama_cpp.Llama asked for one completion after the other, with its own prefix reuse.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

PORTION = 512


class Batch:
    """llama_decode over a unified cache."""

    def __init__(self, model: str, n_ctx: int) -> None:
        import llama_cpp

        from localai.engine.threads import physical_cores

        self._api = api = llama_cpp
        api.llama_backend_init()
        self._model = api.llama_model_load_from_file(
            model.encode(), api.llama_model_default_params()
        )
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = n_ctx, PORTION, PORTION
        params.n_seq_max, params.kv_unified = 128, True
        params.n_threads = params.n_threads_batch = physical_cores()
        self._context = api.llama_init_from_model(self._model, params)
        self._memory = api.llama_get_memory(self._context)
        self._batch = api.llama_batch_init(PORTION, 0, 1)
        self._sampler = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        api.llama_sampler_chain_add(self._sampler, api.llama_sampler_init_greedy())

    def decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        """Rows of (token, position, sequence, logits wanted)."""
        batch = self._batch
        for i, (token, position, sequence, logits) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, logits
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        batch.n_tokens = len(rows)
        if self._api.llama_decode(self._context, batch):
            raise RuntimeError("llama_decode failed")

    def run(self, command: dict[str, Any]) -> dict[str, float]:
        """{prompts, each, n}: tokens/s of `each` sequences of n tokens after every prompt."""
        began = time.perf_counter()
        each, n, at = command["each"], command["n"], 0
        running: list[tuple[int, int]] = []
        self._api.llama_memory_clear(self._memory, True)
        for prompt in command["prompts"]:
            last = len(prompt) - 1
            for start in range(0, last, PORTION):
                part = prompt[start : min(start + PORTION, last)]
                self.decode([(id, start + i, at, False) for i, id in enumerate(part)])
            for fork in range(at + 1, at + each):
                self._api.llama_memory_seq_cp(self._memory, at, fork, 0, last)
            running += [(prompt[last], last)] * each
            at += each
        for _ in range(n):
            self.decode([(id, pos, s, True) for s, (id, pos) in enumerate(running)])
            running = [
                (self._api.llama_sampler_sample(self._sampler, self._context, s), pos + 1)
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
