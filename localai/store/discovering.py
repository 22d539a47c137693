"""What the store returns about rejection sampling: rounds, and the answers in them. Values only."""

from __future__ import annotations

import hashlib
import struct

import msgspec

KEPT = "kept"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One sampled answer to the problem `problem`, an id. `ids` are the question and the answer as
    token ids, of which the `spans` (begin, end) are the model's: of one that is kept to the end
    marker. `tokens` were sampled; `logprob` is the mean log-probability of one, in nats; `right`:
    so it was verified; `outcome`: KEPT to learn from, or why not."""

    problem: str
    sample: int
    kind: str
    level: int
    question: str
    text: str
    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    tokens: int
    logprob: float = 0.0
    right: bool = False
    outcome: str = ""

    @property
    def hash(self) -> str:
        """The sha256, in hex, of ids and spans (int32, little endian): what is learned is traced
        to its sample by it."""
        told = (len(self.ids), *self.ids, *(at for span in self.spans for at in span))
        return hashlib.sha256(struct.pack(f"<{len(told)}i", *told)).hexdigest()


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What round `number` of a run came to: `samples` answers to `asked` problems, the mean share
    `pass_1` of them right, the share `pass_n` of problems with any right one; `tokens_per_right`:
    all tokens sampled for each right answer, None for none; `kept` to learn from, the others
    `dropped` by why. `dev`: the share right of `dev_n` other problems once that was learned,
    None where it was not, and their tokens for each right answer."""

    run: str = ""
    number: int = 0
    asked: int = 0
    samples: int = 0
    pass_1: float = 0.0
    pass_n: float = 0.0
    tokens_per_right: float | None = None
    kept: int = 0
    dropped: dict[str, int] = {}
    seconds: float = 0.0
    temperature: float = 0.0
    dev: float | None = None
    dev_n: int = 0
    dev_tokens_per_right: float | None = None
