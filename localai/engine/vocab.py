"""The one tokenizer: llama.cpp's vocabulary as `render.base.Tokenizer`.

Every piece is read once when the model is loaded, so that a token's text is a list
look-up while it streams.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

UNKNOWN, CONTROL, USER_DEFINED = 1, 8, 16
"""Bits of llama_token_attr."""


class Vocab(Protocol):
    """A vocabulary in llama.cpp's own terms (`llama.LlamaVocab`)."""

    size: int
    bos: int
    eos: int
    add_bos: bool

    def attributes(self) -> list[int]:
        """Bits of llama_token_attr, token by token."""
        ...

    def ends(self) -> frozenset[int]:
        """The tokens that end a generation, as the file says."""
        ...

    def pieces(self) -> list[bytes]:
        """The bytes of every token, control tokens included."""
        ...

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        """Ids of UTF-8 text, without BOS."""
        ...


class VocabTokenizer:
    """Ids to text and back for one vocabulary."""

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab
        self._bytes = vocab.pieces()
        self._attributes = vocab.attributes()
        special = CONTROL | USER_DEFINED | UNKNOWN
        self.control = {
            self.piece(id): id for id, bits in enumerate(self._attributes) if bits & special
        }
        self.eog = vocab.ends()
        self.bos = vocab.bos if vocab.bos >= 0 else None
        self.eos = vocab.eos if vocab.eos >= 0 else None
        self.add_bos = vocab.add_bos

    @property
    def size(self) -> int:
        """Number of tokens."""
        return self._vocab.size

    @property
    def bos_text(self) -> str:
        """The text of `bos`; empty without one."""
        return "" if self.bos is None else self.piece(self.bos)

    @property
    def eos_text(self) -> str:
        """The text of `eos`; empty without one."""
        return "" if self.eos is None else self.piece(self.eos)

    @property
    def ends(self) -> frozenset[int]:
        """What always ends an answer: the ends that the file names, and BOS, which opens another
        text."""
        return self.eog if self.bos is None else self.eog | {self.bos}

    @cached_property
    def vocab_hash(self) -> str:
        """sha256 hex over every token's bytes and attributes, in order."""
        digest = hashlib.sha256()
        for piece, attributes in zip(self._bytes, self._attributes, strict=True):
            digest.update(b"%d %d " % (len(piece), attributes) + piece)
        return digest.hexdigest()

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Ids of `text`, without BOS; text that is not Unicode is replaced."""
        return self._vocab.tokenize(text.encode("utf-8", "replace"), special=special)

    def piece(self, id: int) -> str:
        """The text of one id, control tokens included."""
        return self._bytes[id].decode("utf-8", "replace")

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The text of each id, a character of several tokens with the last of them, so that
        they are the text when they are joined; what is not UTF-8 becomes U+FFFD."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        last = len(ids) - 1
        return tuple(decoder.decode(self._bytes[id], final=at == last) for at, id in enumerate(ids))

    def piece_bytes(self, id: int) -> bytes:
        """The exact bytes of one id: part of a character, maybe."""
        return self._bytes[id]

    def is_control(self, id: int) -> bool:
        """Whether `id` is a CONTROL or UNKNOWN token."""
        return bool(self._attributes[id] & (CONTROL | UNKNOWN))

    def is_marker(self, id: int) -> bool:
        """Whether `id` is a USER_DEFINED token: one that is recognised as a whole in text."""
        return bool(self._attributes[id] & USER_DEFINED)
