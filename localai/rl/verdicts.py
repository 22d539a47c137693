"""Why a sampled answer is learned from or not. Pure.

Being right is necessary and not enough: what goes in circles, does not end or has no steps where
steps are asked for teaches just that. Form alone never counts. That an answer which lists several,
or hedges, is not right is `evals.final_answer`'s to say.
"""

from __future__ import annotations

import re
from collections import Counter

from localai.evals.judging import repeats
from localai.evals.slips import invented_turn, marker
from localai.evals.task import Answer, Style

WRONG = "wrong"
UNFINISHED = "unfinished"
REPEATED = "repeated"
UNSUPPORTED = "unsupported"
MARKUP = "markup"
INVENTED = "invented turn"

LOOP = 3
"""A line that comes so often goes in circles."""

_WORD = re.compile(r"\w+")


def degenerate(answer: Answer, style: Style) -> str:
    """Why an answer is not learned from though it is right; "" for no reason."""
    whole = f"{answer.reasoning}\n{answer.text}"
    if not answer.ended:
        return UNFINISHED
    if marker(whole):
        return MARKUP
    if invented_turn(answer.text):
        return INVENTED
    if _circles(whole):
        return REPEATED
    if style == "steps" and not answer.reasoning.strip() and not answer.calls:
        return UNSUPPORTED
    return ""


def _circles(text: str) -> bool:
    """Whether a line or a run of words comes again and again."""
    lines = Counter(line.strip() for line in text.splitlines() if _WORD.search(line))
    return max(lines.values(), default=0) >= LOOP or repeats(_WORD.findall(text.lower()))
