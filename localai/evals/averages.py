"""The scores of several answers to one question, as one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from localai.evals.task import Scores


def means(scores: Sequence[Scores]) -> Scores:
    """The mean of each measure over the answers that have it."""
    names = dict.fromkeys(name for each in scores for name in each)
    return {name: fmean(each[name] for each in scores if name in each) for name in names}
