"""A row whose columns are the fields of a value, in their order, as that value.

For the small tables of learning; messages and conversations have forms of their own
(`columns`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


def record(kind: type[T], row: Sequence[object]) -> T:
    """The value of this kind. Raises msgspec.ValidationError for what no localai has written."""
    return msgspec.convert(dict(zip(kind.__struct_fields__, row, strict=True)), kind)
