"""A number with its noun."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """1 example, 2,000 examples; `many` is the plural where it is not made with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
