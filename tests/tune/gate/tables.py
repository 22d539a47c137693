"""Made-up tables of scores: what two models answered, without any model."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from localai.config import TuneSettings
from localai.evals.task import Answer
from localai.tune import items
from localai.tune.gate.aim import CORRECTIONS
from localai.tune.gate.questions import ITEMS, TASKS
from localai.tune.gate.verdict import Heard, Rule, Said

Pair = tuple[float, float]

WON, LOST, KEPT, NEVER = (0, 1), (1, 0), (1, 1), (0, 0)

SIZES = {
    CORRECTIONS: 16,
    "general": len(items.general("")),
    **{
        name: task.most(TuneSettings().gate_questions)
        for name, task in TASKS.items()
        if name != "tools"
    },
}
"""How many questions the gate asks of each pool, of a model that is told of no tools."""

TURNED = {"general": 0.01, "known": 0.04, "unknown": 0.03, "reasoning": 0.05, "hygiene": 0.05}
"""Share of the questions that turn each way between models that are about the same."""


def rule(name: str) -> Rule:
    """The gate's own rule for a pool; that of general items for a name that it does not know."""
    if name in TASKS:
        return TASKS[name].rule
    return ITEMS.get(name, ITEMS["general"])


def heard(name: str, pairs: Sequence[Pair], of: Rule | None = None) -> Heard:
    """A pool of (before, after)."""
    before, after = (
        tuple(
            Said(f"{name} {at}?", Answer(text=("no", "yes")[bool(pair[side])]), pair[side])
            for at, pair in enumerate(pairs)
        )
        for side in (0, 1)
    )
    return Heard(name, of or rule(name), before, after, whole=name in ITEMS)


def drawn(
    dice: random.Random, gains: Mapping[str, Pair], losses: Mapping[str, float]
) -> list[Heard]:
    """A candidate that gained so much (shares won and lost) in some pools, and lost a share in
    others beside what turns anyway; nats where these are the unit."""
    found = []
    for name, n in SIZES.items():
        own = rule(name)
        if name == CORRECTIONS and name not in gains:
            continue
        if own.unit:
            noise = [dice.gauss(losses.get(name, 0.0), 0.2) for _ in range(n)]
            found.append(heard(name, [(2.0, 2.0 + each) for each in noise]))
            continue
        turned = TURNED.get(name, 0.02)
        won, lost = gains.get(name, (turned, turned))
        lost += losses.get(name, 0.0)
        pairs = dice.choices((WON, LOST, KEPT), (won, lost, 1 - won - lost), k=n)
        found.append(heard(name, pairs, Rule("better") if name in gains else own))
    return found
