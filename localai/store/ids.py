"""Identity of rows: ULIDs, unique across machines and sorted by time."""

from __future__ import annotations

import os
import re
import time

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(one + other for one in _DIGITS for other in _DIGITS)
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_RANDOM_BYTES = 10


def new_id() -> str:
    """A fresh id, 26 characters."""
    # Imported here because listing the history makes no ids and must start fast.
    from ulid import ULID

    return str(ULID())


def new_ids(count: int) -> list[str]:
    """So many fresh ids of this moment, far faster than one by one."""
    moment = _digits(int(time.time() * 1000), 10)
    random = os.urandom(_RANDOM_BYTES * count)
    return [
        moment + _digits(int.from_bytes(random[at : at + _RANDOM_BYTES]), 16)
        for at in range(0, len(random), _RANDOM_BYTES)
    ]


def is_id(text: str) -> bool:
    """True for what `new_id` could have made."""
    return _ID.fullmatch(text) is not None


def _digits(number: int, count: int) -> str:
    """In Crockford's base 32, two digits at a time."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * (count - 2), -1, -10)])
