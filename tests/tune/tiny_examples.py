"""Examples of random tokens, to be learned by tiny models."""

from __future__ import annotations

from localai.lessons.maker import Example
from tests.tune.tiny_llama import ids


def example(seed: int, length: int = 30) -> Example:
    """All but the first ten tokens count."""
    return Example(tuple(ids(length, seed).tolist()), (*[0.0] * 10, *[1.0] * (length - 10)))
