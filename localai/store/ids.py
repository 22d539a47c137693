"""Identity of rows: ULIDs, unique across machines and sorted by time."""

from __future__ import annotations

import os
import re
import time
from base64 import b32encode

_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_RANDOM_BYTES, _RANDOM_DIGITS = 10, 16


def new_id() -> str:
    """A fresh id, 26 characters."""
    # Imported here because listing the history makes no ids and must start fast.
    from ulid import ULID

    return str(ULID())


def new_ids(count: int) -> list[str]:
    """So many fresh ids of this moment, far faster than one by one."""
    # 48 bits of milliseconds are the end of 50, which are the end of ten bytes.
    moment = _digits(int(time.time() * 1000).to_bytes(_RANDOM_BYTES))[-10:]
    random = _digits(os.urandom(_RANDOM_BYTES * count))
    return [
        moment + random[at : at + _RANDOM_DIGITS] for at in range(0, len(random), _RANDOM_DIGITS)
    ]


def is_id(text: str) -> bool:
    """True for what `new_id` could have made."""
    return _ID.fullmatch(text) is not None


def _digits(data: bytes) -> str:
    """Crockford's base 32 of a multiple of five bytes."""
    return b32encode(data).translate(_CROCKFORD).decode()
