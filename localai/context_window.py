"""A model's context window: its default sizes, and the types its cache may be kept in.

What the estimate before loading and the loading itself must agree on; no behaviour.
"""

from __future__ import annotations

from typing import Literal

DEFAULT_CONTEXT = 8192
"""Tokens; the longest window that is taken without asking."""
BATCH = 512
"""Tokens that are computed together while a prompt is read."""
OUTPUTS = 32
"""Tokens of a batch whose logits may be asked for; each is a row of the whole vocabulary. Fewer
than 64, from which on a CPU computes attention in tiles: what a text is given then is no longer
what it is given token by token."""

KvType = Literal["f16", "q8_0", "q4_0"]

BITS: dict[KvType, float] = {"f16": 16, "q8_0": 8.5, "q4_0": 4.5}
"""Type of the cache -> bits that a value takes, its share of the scale included."""
BLOCK = 32
"""Values that share a scale in the quantised types: a head must be a multiple of it."""
