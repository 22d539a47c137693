"""Rounds of rejection sampling in a report: a table, and why answers were not learned. Pure."""

from __future__ import annotations

from localai.measures import score
from localai.sanitize import one_line
from localai.store.discovering import Round

HEADS = ("round", "asked", "right", "any right", "per s", "tokens", "kept", "dev")
MEANING = (
    "Right: of the answers to each problem the share that was right, on average over the problems. "
    "Any right: the share of problems with one at least. Per s: answers sampled in a second. "
    "Tokens: all that were sampled, for each right answer. Dev: the share right of n other "
    "problems once that was learned; in round 0, the first look, before anything was."
)
"""Of the heads. The table fits into 80 columns."""


def cells(each: Round) -> list[str]:
    """A round's numbers, below the heads; "" for what is not known."""
    speed = f"{each.samples / each.sampling_seconds:.1f}" if each.sampling_seconds > 0 else ""
    tokens = f"{each.tokens_per_right:,.0f}" if each.tokens_per_right is not None else ""
    dev = f"{score(each.dev)} (n {each.dev_n:,})" if each.dev is not None else ""
    shares = [score(each.pass_1), score(each.pass_n)]
    return [str(each.number), f"{each.asked:,}", *shares, speed, tokens, f"{each.kept:,}", dev]


def dropped(each: Round) -> str:
    """Why the other answers of a round are not learned, and how many: wrong 300, cut off 4."""
    return one_line(", ".join(f"{why} {count:,}" for why, count in each.dropped.items()))
