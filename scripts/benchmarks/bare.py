"""llama.cpp's C API with nothing of ours around it: what the bare peers stand on."""

from __future__ import annotations

PORTION = 512
"""Tokens of a batch."""


class BareContext:
    """A model, one context with room for `sequences`, one batch, a greedy sampler."""

    def __init__(self, model: str, n_ctx: int, sequences: int = 1) -> None:
        import llama_cpp
        import psutil

        self.api = api = llama_cpp
        api.llama_backend_init()
        self.model = api.llama_model_load_from_file(
            model.encode(), api.llama_model_default_params()
        )
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch = n_ctx, PORTION
        params.n_seq_max, params.kv_unified = sequences, sequences > 1
        params.n_threads = params.n_threads_batch = psutil.cpu_count(logical=False) or 1
        self.context = api.llama_init_from_model(self.model, params)
        self.memory = api.llama_get_memory(self.context)
        self.batch = api.llama_batch_init(PORTION, 0, 1)
        self.sampler = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        api.llama_sampler_chain_add(self.sampler, api.llama_sampler_init_greedy())
