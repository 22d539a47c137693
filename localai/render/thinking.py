"""How a model marks its reasoning, judged from its template and vocabulary. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from localai.render.base import Thinking
from localai.render.layout import Hole

PAIRS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<thinking>", "</thinking>"),
    ("<mm:think>", "</mm:think>"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
    ("<|channel>thought", "<channel|>"),
    ("<reasoning>", "</reasoning>"),
)
"""Markers that models in the wild use, opening and closing."""

_LONGEST = 200


def find_thinking(
    skeletons: Sequence[tuple[list[str], list[Hole]]],
    header: str,
    source: str,
    control: Mapping[str, int],
    *,
    switchable: bool,
) -> Thinking | None:
    """The reasoning markers, or None for a model that does not reason aloud.

    `skeletons` are renderings of an answer with reasoning: where the template writes
    reasoning, the text around it tells. Otherwise a known pair must occur in the
    template's source or be tokens of the vocabulary.
    """
    for literals, holes in skeletons:
        kinds = [hole.kind for hole in holes]
        if "reasoning" not in kinds:
            continue
        at = kinds.index("reasoning")
        if kinds[at + 1 : at + 2] != ["text"]:
            continue
        opened = _opening(literals[at], header)
        closed = literals[at + 1].strip()
        if opened and closed and len(opened) <= _LONGEST and len(closed) <= _LONGEST:
            return Thinking(opened, _closing(opened, closed), switchable)
    for opened, closed in PAIRS:
        known = opened in source and closed in source
        if known or (opened in control and closed in control):
            return Thinking(opened, closed, switchable)
    return None


def _opening(before: str, header: str) -> str:
    for opened, _ in PAIRS:
        if before.rstrip().endswith(opened):
            return opened
    at = before.rfind(header) if header else -1
    after = before[at + len(header) :].strip() if at >= 0 else ""
    return after or before.strip().rpartition("\n")[2].strip()


def _closing(opened: str, closed: str) -> str:
    """Where a pair is known, its closing marker alone; the rest may vary."""
    for known, its_close in PAIRS:
        if known == opened and closed.startswith(its_close) and opened.startswith("<think"):
            return its_close
    return closed
