"""Which beginnings several examples have: a system text, above all, with the tools in it.

A position of a causal model depends on those before it alone, so a beginning has the same
hidden states in all of them, and a step computes it once (prefix sharing; for inference: SGLang,
Zheng et al. 2023, arXiv:2312.07104). Its gradient is the sum over what follows. Used on a CPU
alone: a step that is compiled cannot look at how its rows lie. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np

from localai.tune.packing import Row

MEETING = 8
"""About so many rows are read in a step; of a kind that has this share of all, one."""

WORTH = 8
"""Tokens that telling a beginning apart costs about as much as."""


def shared(rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the head that it is to share with others, if there is one."""
    heads, waiting = [0] * len(rows), [(list(range(len(rows))), 0)]
    while waiting:
        of, head = waiting.pop()
        meeting = MEETING * len(of) / max(1, len(rows))
        if meeting <= 1:
            continue
        length = _common([rows[at] for at in of])
        # A longer head must save more than to read the shorter one once more for the others costs.
        if (meeting - 1) * (length - head) > head + WORTH:
            for at in of:
                heads[at] = length
            head = length
        branches = defaultdict[int, list[int]](list)
        for at in of:
            if _most(rows[at]) > length:
                branches[int(rows[at].ids[length])].append(at)
        waiting += [(branch, head) for branch in branches.values()]
    return [msgspec.structs.replace(row, head=head) for row, head in zip(rows, heads, strict=True)]


def _common(rows: Sequence[Row]) -> int:
    """How many ids all of them could share."""
    length = min(map(_most, rows))
    first = rows[0].ids[:length]
    for row in rows:
        differs = np.flatnonzero(row.ids[:length] != first[:length])
        length = int(differs[0]) if len(differs) else length
    return length


def _most(row: Row) -> int:
    """A head ends before the first place, and something is left after it."""
    return int(row.places[0]) if len(row.places) else 0
