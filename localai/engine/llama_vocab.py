"""A model's vocabulary, read through llama.cpp.

Only what `vocab.VocabTokenizer` is built from; it keeps nothing and decides nothing.
"""

from __future__ import annotations

import ctypes
from itertools import compress, repeat
from typing import Any

from llama_cpp import llama_cpp as _c


class LlamaVocab:
    """A model's vocabulary in llama.cpp's own terms."""

    def __init__(self, model: Any) -> None:
        self._vocab = _c.llama_model_get_vocab(model)
        self.size: int = _c.llama_vocab_n_tokens(self._vocab)
        self.bos: int = _c.llama_vocab_bos(self._vocab)
        self.eos: int = _c.llama_vocab_eos(self._vocab)
        self.add_bos: bool = _c.llama_vocab_get_add_bos(self._vocab)

    def attributes(self) -> list[int]:
        """Bits of llama_token_attr, token by token."""
        return list(map(_c.llama_vocab_get_attr, repeat(self._vocab), range(self.size)))

    def ends(self) -> frozenset[int]:
        """The tokens that end a generation, as the file says."""
        ids = range(self.size)
        return frozenset(compress(ids, map(_c.llama_vocab_is_eog, repeat(self._vocab), ids)))

    def pieces(self) -> list[bytes]:
        """The bytes of every token, control tokens included."""
        read, vocab, room = _c.llama_token_to_piece, self._vocab, 64
        found: list[bytes] = []
        buffer = ctypes.create_string_buffer(room)
        for id in range(self.size):
            length = read(vocab, id, buffer, room, 0, True)
            if length < 0:
                room = -length
                buffer = ctypes.create_string_buffer(room)
                length = read(vocab, id, buffer, room, 0, True)
            found.append(buffer.raw[:length])
        return found

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        """Ids of UTF-8 text, without BOS."""
        room = len(text) + 8
        while True:
            ids = (_c.llama_token * room)()
            found = _c.llama_tokenize(self._vocab, text, len(text), ids, room, False, special)
            if found >= 0:
                return ids[:found]
            room = -found
