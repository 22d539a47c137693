"""Where an example comes from, in a few words for people; safe to show."""

from __future__ import annotations

from localai.sanitize import one_line
from localai.store.tuning import StoredExample

REASONS = {
    "invented": "made up",
    "tool": "call missing",
    "no-tool": "call too many",
    "shorter": "too long",
}


def source(example: StoredExample) -> str:
    """Its data set, its source and, of a correction, why it was made."""
    reason = REASONS.get(example.reason, "")
    label = f"{example.source}: {reason}" if reason else example.source
    return f"{one_line(example.name)} · {label}" if example.name else label
