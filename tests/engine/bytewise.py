"""A vocabulary for tests without a model: the 256 bytes, reasoning markers, control tokens."""

from __future__ import annotations

import re

from localai.engine.vocab import CONTROL, USER_DEFINED, VocabTokenizer

SPECIAL = {"<think>": 256, "</think>": 257, "<|end|>": 258, "<|turn|>": 259}
THINK, ANSWER, END, TURN = SPECIAL.values()


class Bytes:
    """`vocab.Vocab` where every byte is a token."""

    size = 256 + len(SPECIAL)
    bos = eos = END
    add_bos = False

    def attributes(self) -> list[int]:
        return [1 << 2] * 256 + [USER_DEFINED, USER_DEFINED, CONTROL, CONTROL]

    def ends(self) -> frozenset[int]:
        return frozenset({END})

    def pieces(self) -> list[bytes]:
        return [bytes([byte]) for byte in range(256)] + [text.encode() for text in SPECIAL]

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        if not special:
            return list(text)
        ids: list[int] = []
        for part in re.split(r"(</?think>|<\|\w+\|>)", text.decode()):
            ids += [SPECIAL[part]] if part in SPECIAL else part.encode()
        return ids


TOKENIZER = VocabTokenizer(Bytes())
