"""What arrived of an answer between two looks of the screen. A value only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localai.conversation import Delta


class Burst(msgspec.Struct, frozen=True):
    """Text that arrived since the last look, and the tokens it took."""

    text: str = ""
    reasoning: str = ""
    text_tokens: int = 0
    reasoning_tokens: int = 0

    @classmethod
    def of(cls, deltas: Sequence[Delta]) -> Burst:
        """The pieces put together."""
        return cls(
            "".join(d.text for d in deltas if d.kind == "text"),
            "".join(d.text for d in deltas if d.kind == "reasoning"),
            sum(d.tokens for d in deltas if d.kind == "text"),
            sum(d.tokens for d in deltas if d.kind == "reasoning"),
        )

    @property
    def tokens(self) -> int:
        """All tokens of the burst."""
        return self.text_tokens + self.reasoning_tokens
