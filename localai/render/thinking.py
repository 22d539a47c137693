"""How a model marks its reasoning, judged from its template and vocabulary. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def find_thinking(
    skeletons: Sequence[tuple[list[str], list[Hole]]],
    openings: tuple[str, str],
    source: str,
    control: Mapping[str, int],
) -> tuple[str, str] | None:
    """The reasoning markers, or None for a model that does not reason aloud.

    `skeletons` are renderings of an answer with reasoning, `openings` what a generation
    prompt adds with reasoning on and off. Where the template writes reasoning, the text
    around it tells. Otherwise a known pair must occur in the template's source or be
    tokens of the vocabulary.
    """
    for literals, holes in skeletons:
        kinds = [hole.kind for hole in holes]
        at = kinds.index("reasoning") if "reasoning" in kinds else len(kinds)
        if kinds[at + 1 : at + 2] != ["text"]:
            continue
        opened = _opening(literals[at], *openings)
        closed = _closing(opened, literals[at + 1].strip())
        if opened and closed and len(opened) <= _LONGEST and len(closed) <= _LONGEST:
            return opened, closed
    code = _COMMENT.sub("", source)
    for opened, closed in PAIRS:
        if (opened in code and closed in code) or (opened in control and closed in control):
            return opened, closed
    return None


def _opening(before: str, on: str, off: str) -> str:
    """What opens reasoning, of the text before it and the two generation prompts."""
    for opened, _ in PAIRS:
        if before.rstrip().endswith(opened):
            return opened
    for length in range(len(on), 0, -1):
        if before.endswith(on[:length]) and on[:length].strip():
            rest = on[length:] or on[_parting(on, off) :]
            return rest.strip()
    at = before.rfind(on.strip()) if on.strip() else -1
    return before[at + len(on.strip()) :].strip() if at >= 0 else ""


def _parting(on: str, off: str) -> int:
    """Where the two prompts part, at the beginning of a marker."""
    same = next((at for at, (a, b) in enumerate(zip(on, off, strict=False)) if a != b), len(on))
    return max(on.rfind("<|", 0, same), on.rfind("[", 0, same), 0) if same < len(on) else len(on)


def _closing(opened: str, closed: str) -> str:
    """Of a pair with its own closing marker that marker alone; the rest may vary."""
    for known, own in PAIRS:
        if known == opened and closed.startswith(own) and own.startswith(("</", "[/")):
            return own
    return closed
