"""One grammar of llama.cpp over a vocabulary: which tokens may come next.

It is never built lazily, and nothing but a token that fits is ever accepted: both throw in
C++, which ends the process. When a grammar begins and ends is decided in `guide`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llama_cpp import llama_cpp as _c

from localai.engine.llama import Llama
from localai.engine.llama_tokens import Mask, Tokens
from localai.engine.spelling import Ids
from localai.errors import EngineError

ROOT = b"root"


class Grammar:
    """A grammar and how far the text has come in it (llama_sampler_init_grammar)."""

    def __init__(self, llama: Llama, text: str) -> None:
        """Raises EngineError for a text that is no GBNF with a rule `root`."""
        vocab = _c.llama_model_get_vocab(llama.model)
        # Without a text llama.cpp makes a grammar that allows everything.
        data = text.encode("utf-8", "replace")
        self._sampler: Any = data and _c.llama_sampler_init_grammar(vocab, data, ROOT)
        if not self._sampler:
            raise EngineError(
                "llama.cpp cannot read the grammar of the tool calls; "
                "ask again without the tools, and report this as a bug."
            )
        self._spelling = llama.spelling
        self._eog = next(iter(llama.tokenizer.eog), None)

    def fits(self, id: int) -> bool:
        """Whether this token may come next; one that ends an answer where the text is whole."""
        return bool(self._fitting(np.array([id], np.int32))[0])

    @property
    def whole(self) -> bool:
        """Whether the text may end here."""
        return self._eog is not None and self.fits(self._eog)

    def possible(self) -> Ids:
        """The tokens of text that may come next, and few others: those left out begin with a
        byte that does not fit."""
        spelling = self._spelling
        known = [byte for byte in spelling.beginning if byte in spelling.single]
        singles = np.array([spelling.single[byte] for byte in known], np.int32)
        refused = {byte for byte, ok in zip(known, self._fitting(singles), strict=True) if not ok}
        groups = (ids for byte, ids in spelling.beginning.items() if byte not in refused)
        return np.concatenate([np.array([], np.int32), *groups])

    def fitting(self, ids: Ids) -> Ids:
        """Those of these tokens that may come next; 0.2 microseconds for each."""
        left: Ids = ids[self._fitting(ids)]
        return left

    def _fitting(self, ids: Ids) -> Mask:
        return Tokens(ids, 1.0).left_by(self._sampler)

    def accept(self, id: int) -> None:
        """This token came, which fits and does not end the answer."""
        _c.llama_sampler_accept(self._sampler, id)

    def close(self) -> None:
        """Free it."""
        if self._sampler is not None:
            _c.llama_sampler_free(self._sampler)
            self._sampler = None
