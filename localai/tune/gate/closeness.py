"""Which general answers turned by a hair, so that they count as they were (docs/decisions, 8).

An answer that turned counts only if the right one also became clearly less likely, or more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from localai.engine.base import Engine
from localai.evals.items import Item
from localai.evals.likelihood import deciding, log_likelihoods
from localai.evals.task import Answer
from localai.tune.gate.aim import CORRECTIONS
from localai.tune.gate.verdict import Said

CLEARLY = math.log(2)
"""Nats by which a right answer that turned must have become less likely to count as lost,
or more likely to count as won: half or double."""

Turned = Mapping[int, tuple[int, ...]]
"""By the number of a question that only one model got right, the tokens that make that answer
right."""


def turned(
    engine: Engine, items: Sequence[Item], before: Sequence[Said], after: Sequence[Said]
) -> Turned:
    """The questions that turned, of those that were asked, the first ones. Not those about
    corrections: there the answer itself is what is wanted."""
    found = {}
    for at, (was, now) in enumerate(zip(before, after, strict=True)):
        item = items[at]
        if was.value != now.value and item.told and item.pool != CORRECTIONS:
            ids = (was if was.value else now).answer.ids
            found[at] = deciding(engine, ids, partial(_says, item))
    return found


def likelihoods(engine: Engine, items: Sequence[Item], told: Turned) -> dict[int, float]:
    """How likely these answers are to what is in force, in nats."""
    texts = [
        (engine.render(items[at].talk, items[at].options).ids, ids) for at, ids in told.items()
    ]
    return dict(zip(told, log_likelihoods(engine, texts), strict=True))


def close(
    after: Sequence[Said], was: Mapping[int, float], now: Mapping[int, float]
) -> frozenset[int]:
    """Those of which the right answer did not become clearly likelier, or less likely, the way
    that it turned."""
    moved = {at: now[at] - was[at] for at in was}
    return frozenset(
        at for at, nats in moved.items() if (nats if after[at].value else -nats) < CLEARLY
    )


def _says(item: Item, text: str) -> bool:
    return item.right(Answer(text=text, ended=False))
