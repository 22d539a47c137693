"""Limits on the tokens of reasoning, under which the same questions are asked. Pure."""

from __future__ import annotations

import msgspec

from localai.engine.base import ModelInfo
from localai.errors import UsageError
from localai.evals.task import Manner

BUDGETS = (0, 64, 256, 1024)
"""Most tokens of reasoning; 0 is none at all."""

THINKS_NOT = (
    "{name} has no reasoning of its own to limit; compare its stepwise answers with its direct "
    "ones: localai styles find"
)


def usable(info: ModelInfo, name: str) -> tuple[int, ...]:
    """The budgets that the model `name` can be given: no 0 where its reasoning cannot be turned
    off. Raises UsageError for one that has none."""
    if info.thinking is None:
        raise UsageError(THINKS_NOT.format(name=name))
    return tuple(each for each in BUDGETS if each or info.thinking.switchable)


def under(manner: Manner, budget: int) -> Manner:
    """The manner with this much reasoning, which leaves as much room for the answer as there
    was."""
    return msgspec.structs.replace(
        manner,
        style="direct",
        thinking=budget > 0,
        budget=budget,
        max_tokens=manner.max_tokens + budget if manner.max_tokens else 0,
    )
