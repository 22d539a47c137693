"""From a conversation to token ids and per-token weights."""

from __future__ import annotations

from localai.render.base import Tokenizer

__all__ = ["Tokenizer"]
