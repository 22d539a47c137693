"""How much context scoring takes: the longest text, and its continuations side by side."""

from __future__ import annotations

from collections.abc import Sequence

from localai.engine.apart import Apart
from localai.engine.base import Scores, Scoring
from localai.engine.llama import Llama
from localai.engine.scoring import ScoringRun
from localai.engine.slot import room

BRANCHES = 16
"""Continuations of one prompt that are scored side by side."""


class ScoringContext(Apart[Scores]):
    """The scoring that goes on, at most one run of it."""

    def begin(self, chat: Llama, questions: Sequence[Scoring]) -> None:
        """Begin anew. Raises EngineError, ContextOverflow, ModelError."""
        self.end()
        needed = [_needed(chat, question) for question in questions]
        if needed:
            llama = self.open(chat, max(needed), BRANCHES + 1)
            self._steps = ScoringRun(llama, questions)


def _needed(chat: Llama, question: Scoring) -> int:
    """Cells that a prompt and its continuations take side by side."""
    longest = max(question.continuations, key=len, default=())
    room(question.prompt, chat.n_ctx)
    room((*question.prompt, *longest[:-1]), chat.n_ctx)  # nothing follows the last one
    return len(question.prompt) + len(longest) * min(BRANCHES, len(question.continuations))
