"""A tokenizer that needs no model: words, punctuation and byte pairs, ids given on sight.

It recognises control and user-defined tokens in llama.cpp's order (longest first), cuts
non-ASCII text inside characters, and can put a space before each text and read "▁" as one, as
SentencePiece does, or swallow white space beside a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_WORDS = re.compile(r" ?\w+| ?[^\s\w]+|\s+(?!\S)|\s+")


class ToyTokenizer:
    def __init__(
        self,
        control: Sequence[str],
        *,
        user_defined: Sequence[str] = (),
        bos: str = "",
        eos: str = "",
        eog: Sequence[str] = (),
        add_bos: bool = False,
        space_prefix: bool = False,
        swallows_after: Sequence[str] = (),
    ) -> None:
        self._pieces: list[bytes] = []
        self._known: dict[bytes, int] = {}
        specials = [*dict.fromkeys((*control, *(text for text in (bos, eos) if text)))]
        self._control = {text: self._special(text) for text in (*specials, *user_defined)}
        self._control_ids = {self._control[text] for text in specials}
        self._swallows = {self._control[text] for text in swallows_after}
        self._space_prefix = space_prefix
        self.bos = self._control[bos] if bos else None
        self.eos = self._control[eos] if eos else None
        self.bos_text, self.eos_text = bos, eos
        self.eog = frozenset(self._control[text] for text in (*eog, *((eos,) if eos else ())))
        self.add_bos = add_bos
        self.vocab_hash = "toy"

    @property
    def control(self) -> Mapping[str, int]:
        return self._control

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        fragments: list[str | int] = [text]
        for token in sorted(self._control, key=len, reverse=True):
            id_ = self._control[token]
            if special or id_ not in self._control_ids:
                fragments = [new for old in fragments for new in self._partition(old, token, id_)]
        ids: list[int] = []
        for fragment in fragments:
            ids += [fragment] if isinstance(fragment, int) else self._plain(fragment)
        return ids

    def piece_bytes(self, id: int) -> bytes:
        return self._pieces[id]

    def piece(self, id: int) -> str:
        return self._pieces[id].decode("utf-8", "replace")

    def is_control(self, id: int) -> bool:
        return id in self._control_ids

    def text(self, ids: Sequence[int]) -> str:
        return b"".join(self._pieces[id_] for id_ in ids).decode("utf-8", "replace")

    def _special(self, text: str) -> int:
        self._pieces.append(text.encode())
        return len(self._pieces) - 1

    def _id(self, piece: bytes) -> int:
        if piece not in self._known:
            self._pieces.append(piece)
            self._known[piece] = len(self._pieces) - 1
        return self._known[piece]

    def _plain(self, text: str) -> list[int]:
        ids: list[int] = []
        read = " " + text.replace("▁", " ") if self._space_prefix else text
        for word in _WORDS.findall(read):
            raw = word.encode()
            step = len(raw) if word.isascii() else 2
            ids += [self._id(raw[at : at + step]) for at in range(0, len(raw), step)]
        return ids

    def _partition(self, fragment: str | int, token: str, id_: int) -> list[str | int]:
        if isinstance(fragment, int) or token not in fragment:
            return [fragment]
        parts: list[str | int] = []
        for number, piece in enumerate(fragment.split(token)):
            if number:
                parts.append(id_)
                piece = piece.lstrip(" \t\n\v\f\r") if id_ in self._swallows else piece
            if piece:
                parts.append(piece)
        return parts
