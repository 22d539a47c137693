"""Decode speed alone, for a machine that is quiet only for a short while."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benchmarks.chat_engine import decode_speed
from scripts.benchmarks.rows import Row


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """The first group of `chat_engine`."""
    yield decode_speed(model, rounds)
