"""llama.cpp's samplers: the chain that picks the next token from a row of logits.

Which tokens end an answer is decided in `slot`; seeds are drawn in `choosing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_cpp import llama_cpp as _c

from localai.engine.base import Sampling
from localai.engine.llama import Llama
from localai.engine.llama_tokens import Tokens


class Sampler:
    """A chain that picks the next token (llama_sampler)."""

    def __init__(self, llama: Llama, sampling: Sampling, seed: int, recent: Sequence[int]) -> None:
        self._context = llama.context
        chain = _c.llama_sampler_chain_init(_c.llama_sampler_chain_default_params())
        self._chain: Any = chain

        def add(sampler: Any) -> None:
            _c.llama_sampler_chain_add(chain, sampler)

        penalised = sampling.repeat_penalty != 1.0 and sampling.repeat_last_n > 0
        if penalised:
            last, factor = sampling.repeat_last_n, sampling.repeat_penalty
            add(_c.llama_sampler_init_penalties(llama.vocab.size, last, factor, 0.0, 0.0))
        if sampling.temperature <= 0:
            add(_c.llama_sampler_init_greedy())
        else:
            if sampling.top_k > 0:
                add(_c.llama_sampler_init_top_k(sampling.top_k))
            if sampling.top_p < 1:
                add(_c.llama_sampler_init_top_p(sampling.top_p, 1))
            if sampling.min_p > 0:
                add(_c.llama_sampler_init_min_p(sampling.min_p, 1))
            add(_c.llama_sampler_init_temp(sampling.temperature))
            add(_c.llama_sampler_init_dist(seed))
        for id in recent[-sampling.repeat_last_n :] if penalised else ():
            _c.llama_sampler_accept(chain, id)

    def sample(self, row: int) -> int:
        """The next token after the one at `row` of the last batch."""
        return int(_c.llama_sampler_sample(self._chain, self._context, row))

    def choose(self, tokens: Tokens) -> int:
        """The next token among these, at least one; `accept` makes it known."""
        return tokens.picked_by(self._chain)

    def accept(self, id: int) -> None:
        """This token was taken, which `sample` did not choose."""
        _c.llama_sampler_accept(self._chain, id)

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            _c.llama_sampler_free(self._chain)
            self._chain = None
