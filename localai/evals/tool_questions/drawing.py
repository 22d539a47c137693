"""Numbers, words, dates and names for questions; what is drawn for one pool is in no other.

Checksums tell what belongs to which pool, so that nothing has to be divided by hand. Numbers
below 10 are in all pools: there are too few.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from datetime import date, timedelta

from localai.evals.mentions import SMALL, TENS
from localai.evals.task import Pool

SHARES: tuple[Pool, ...] = ("train", "train", "train", "train", "dev", "gate", "gate")

FIRST_DAY, LAST_DAY = date(1930, 1, 1), date(2059, 12, 31)

_BEGINS = ("B", "Br", *"DFGHJKLMNPRSTV", "Tr", "W", "Z")
_VOWELS = ["a", "e", "i", "o", "u", "ae", "ia", "oe"]
_MIDDLES = ["l", "m", "n", "r", "s", "t", "v", "rd", "nd", "lm"]
_ENDS = ("", "n", "s", "l", "ra", "no", "ne", "mir", "dis", "lo")


def pool_of(text: str) -> Pool:
    """The pool that a number, date or name belongs to."""
    return SHARES[zlib.crc32(text.encode()) % len(SHARES)]


def share(found: Sequence[str], pool: Pool) -> list[str]:
    """The part of a list that belongs to a pool; of seven or more each pool has some."""
    ordered = sorted(found, key=lambda each: (zlib.crc32(each.encode()), each))
    return [each for at, each in enumerate(ordered) if SHARES[at % len(SHARES)] == pool]


def words(number: int) -> str:
    """A number from 0 to 99 in words."""
    if number < 20:
        return SMALL[number]
    ten, one = divmod(number, 10)
    return TENS[ten - 2] + (f"-{SMALL[one]}" if one else "")


class Draw:
    """Draws for one pool, the same whenever it is made with the same seed."""

    def __init__(self, pool: Pool, seed: str) -> None:
        self.pool = pool
        self.random = random.Random(f"{seed} {pool}")

    def any(self, found: Sequence[str]) -> str:
        """One of them, whichever pool it belongs to."""
        return self.random.choice(found)

    def one(self, found: Sequence[str]) -> str:
        """One of those of the pool."""
        return self.random.choice(share(found, self.pool))

    def some(self, found: Sequence[str]) -> list[str]:
        """All of those of the pool, mixed."""
        mine = share(found, self.pool)
        return self.random.sample(mine, len(mine))

    def whole(self, low: int, high: int) -> int:
        """A whole number of the pool, both ends included."""
        while True:
            number = self.random.randint(low, high)
            if number < 10 or pool_of(str(number)) == self.pool:
                return number

    def day(self) -> date:
        """A date of the pool."""
        span = (LAST_DAY - FIRST_DAY).days
        while True:
            found = FIRST_DAY + timedelta(self.random.randint(0, span))
            if pool_of(found.isoformat()) == self.pool:
                return found

    def name(self) -> str:
        """An invented name of the pool."""
        while True:
            parts = (_BEGINS, _VOWELS, _MIDDLES, _VOWELS, _ENDS)
            name = "".join(map(self.random.choice, parts))
            if pool_of(name) == self.pool:
                return name
