"""A vocabulary seen from its bytes: which tokens begin with a byte, which spell a text.

Pure look-ups beside `vocab.VocabTokenizer`, made once a model; for `guide`, which has to
know what a token means to a grammar of text.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from localai.engine.vocab import VocabTokenizer

Ids = np.ndarray[Any, np.dtype[np.int32]]


class Spelling:
    """Look-ups over the tokens that are text. `control` are those of control, and unknown
    ones. `single` maps a byte to the token that is that byte alone, `beginning` to all
    tokens, int32, that begin with it."""

    def __init__(self, tokenizer: VocabTokenizer) -> None:
        ids = range(tokenizer.size)
        self.control = tuple(id for id in ids if tokenizer.is_control(id))
        left_out = {*self.control, *tokenizer.eog}
        self._tokens: dict[bytes, int] = {}
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for id in ids:
            piece = tokenizer.piece_bytes(id)
            if piece and id not in left_out:
                self._tokens.setdefault(piece, id)
                groups[piece[0]].append(id)
        self.beginning: dict[int, Ids] = {
            byte: np.array(group, np.int32) for byte, group in groups.items()
        }
        self.single = {piece[0]: id for piece, id in self._tokens.items() if len(piece) == 1}
        self._longest = max(map(len, self._tokens), default=0)

    def spell(self, data: bytes) -> list[int] | None:
        """Tokens that are exactly these bytes, the longest first; None if they cannot be."""
        found: list[int] = []
        while data:
            lengths = range(min(self._longest, len(data)), 0, -1)
            length = next((n for n in lengths if data[:n] in self._tokens), 0)
            if not length:
                return None
            found.append(self._tokens[data[:length]])
            data = data[length:]
        return found
