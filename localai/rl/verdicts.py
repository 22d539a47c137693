"""Why a sampled answer is learned from or not. Pure.

Being right is necessary and not enough: what goes in circles, does not end or has no steps where
steps are asked for teaches just that. Form alone never counts. That an answer which lists several,
or hedges, is not right is `evals.final_answer`'s to say.
"""

from __future__ import annotations

import re
from collections import Counter

from localai.evals.task import Answer, Style

WRONG = "wrong"
UNFINISHED = "unfinished"
REPEATED = "repeated"
UNSUPPORTED = "unsupported"
MARKUP = "markup"

LOOP = 3
"""A line, or a run of RUN words, that comes so often goes in circles."""
RUN = 6

_WORD = re.compile(r"\w+")
_MARKUP = re.compile(r"<\|[^|>]*\|>|</?(?:tool_call|think|s)>|\[/?INST\]")


def degenerate(answer: Answer, style: Style) -> str:
    """Why an answer is not learned from though it is right; "" for no reason."""
    whole = f"{answer.reasoning}\n{answer.text}"
    if not answer.ended:
        return UNFINISHED
    if _MARKUP.search(whole):
        return MARKUP
    if _circles(whole):
        return REPEATED
    if style == "steps" and not answer.reasoning.strip() and not answer.calls:
        return UNSUPPORTED
    return ""


def _circles(text: str) -> bool:
    """Whether a line or a run of words comes again and again."""
    lines = Counter(line.strip() for line in text.splitlines() if _WORD.search(line))
    words = _WORD.findall(text.lower())
    runs = Counter(tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
    return any(count >= LOOP for counts in (lines, runs) for count in counts.values())
