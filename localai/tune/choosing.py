"""Some of many, from all over: the same ones each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def evenly(found: Sequence[T], most: int) -> tuple[T, ...]:
    """Up to so many, in their order."""
    count = min(most, len(found))
    return tuple(found[at * len(found) // count] for at in range(count))
