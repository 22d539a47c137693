"""Identity of rows: ULIDs, unique across machines and sorted by time."""

from __future__ import annotations

import os
import re
import time

_CROCKFORD = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OF_BYTES = _CROCKFORD * 8
"""A digit for each byte; random bytes give random digits."""
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_RANDOM_DIGITS = 16


def new_id() -> str:
    """A fresh id, 26 characters."""
    # Imported here because listing the history makes no ids and must start fast.
    from ulid import ULID

    return str(ULID())


def new_ids(count: int) -> list[str]:
    """So many fresh ids of this moment, far faster than one by one."""
    milliseconds = int(time.time() * 1000)
    moment = bytes(_CROCKFORD[milliseconds >> bits & 31] for bits in range(45, -1, -5)).decode()
    random = os.urandom(_RANDOM_DIGITS * count).translate(_OF_BYTES).decode()
    return [
        moment + random[at : at + _RANDOM_DIGITS] for at in range(0, len(random), _RANDOM_DIGITS)
    ]


def is_id(text: str) -> bool:
    """True for what `new_id` could have made."""
    return _ID.fullmatch(text) is not None
