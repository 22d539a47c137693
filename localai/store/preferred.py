"""What the store returns of comparisons: which of two answers was better. Values only."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["styles", "adapters"]
"""What told the two sides apart: how the question was asked, or which adapter answered."""
Vote = Literal["left", "right", "equal", "bad"]


class Preference(msgspec.Struct, frozen=True):
    """Of two answers (ids) to a question (id), which was better: one of them, both alike, or
    neither. `left_by` and `right_by` are the names of styles or adapters, "base" for the bare
    model, "a deleted adapter" for one that is gone. `blind`: the names were not known then."""

    id: str
    question: str
    left: str
    right: str
    kind: Kind
    left_by: str
    right_by: str
    vote: Vote
    blind: bool
    created: float
