"""One grammar of llama.cpp over a vocabulary: which tokens may come next.

It is never built lazily, and nothing but a token that fits is ever accepted: both throw in
C++, which ends the process. When a grammar begins and ends is decided in `guide`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as _c

from localai.engine.llama import Llama
from localai.engine.llama_tokens import Mask, Tokens
from localai.engine.spelling import Ids
from localai.errors import EngineError

ROOT = b"root"

ODD = b"~^`|@\x7f"
"""Bytes that only free text takes all of."""


class Grammar:
    """A grammar and how far the text has come in it (llama_sampler_init_grammar)."""

    def __init__(self, llama: Llama, text: str) -> None:
        """Raises EngineError for a text that is no GBNF with a rule `root`."""
        vocab = _c.llama_model_get_vocab(llama.model.pointer)
        # Without a text llama.cpp makes a grammar that allows everything.
        data = text.encode("utf-8", "replace")
        self._sampler: Any = data and _c.llama_sampler_init_grammar(vocab, data, ROOT)
        if not self._sampler:
            raise EngineError(
                "llama.cpp cannot read the grammar of the tool calls; "
                "ask again without the tools, and report this as a bug."
            )
        self._spelling, self._piece = llama.spelling, llama.tokenizer.piece
        odd = [self._spelling.single[byte] for byte in ODD if byte in self._spelling.single]
        self._odd = np.array(odd, np.int32)
        self._eog = next(iter(llama.tokenizer.eog), None)

    def fits(self, id: int) -> bool:
        """Whether this token may come next; one that ends an answer where the text is whole."""
        return _fits(self._sampler, id)

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

    def takes_as_text(self, id: int) -> bool:
        """Whether a token that fits would be part of a text here, such as a string, instead
        of the markup that it stands for: then a like text with another end does the same."""
        piece = self._piece(id)
        other = piece[:-1] + ("^" if piece.endswith("~") else "~")
        spelled = self._spelling.spell(other.encode())
        if not spelled or not self._free(self._sampler):
            return False
        like = self._free_after(spelled)
        return like is not None and like == self._free_after([id])

    def _free(self, sampler: Any) -> bool:
        return len(self._odd) > 0 and bool(Tokens(self._odd, 1.0).left_by(sampler).all())

    def _free_after(self, ids: Sequence[int]) -> bool | None:
        """Whether any text may follow these tokens; None where they do not fit."""
        copy = _c.llama_sampler_clone(self._sampler)
        try:
            for id in ids:
                if not _fits(copy, id):
                    return None
                _c.llama_sampler_accept(copy, id)
            return self._free(copy)
        finally:
            _c.llama_sampler_free(copy)

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


def _fits(sampler: Any, id: int) -> bool:
    return bool(Tokens(np.array([id], np.int32), 1.0).left_by(sampler)[0])
