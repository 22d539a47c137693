"""JSON from strangers: values that can be stored, whatever was written."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def decode(data: bytes) -> Any:
    """A JSON value. Numbers that are none become null, and half characters U+FFFD.

    Raises ValueError for what is no JSON, or nested too deeply.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        value = json.loads(data.decode("utf-8", "replace"), parse_constant=lambda _: None)
        # Lone surrogates have no bytes; written as UTF-16 they are told from pairs.
        text = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        return json.loads(text.decode("utf-16-le", "replace"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        raise ValueError("it is no JSON") from error
