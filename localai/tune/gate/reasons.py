"""Why the gate decided as it did, in one sentence. Pure words over the pools' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from localai.measures import score
from localai.tune.gate import rules
from localai.tune.gate.aim import CORRECTIONS

if TYPE_CHECKING:
    from localai.tune.gate.verdict import Pool

NOTHING_ASKED = "Nothing that was corrected was asked, so nothing can have become better."
NOT_ASKED = (
    "Nothing could be asked about what it trained for ({names}), so nothing can have become better."
)
LEARNED = "The corrections were learned, and nothing else was lost beyond the tolerance."
BETTER = "It became better in {names}, and nothing else was lost beyond the tolerance."


def reason(pools: Sequence[Pool], missing: Sequence[str]) -> str:
    """The verdict in one sentence; `missing` are targets that were not asked about."""
    if missing:
        names = ", ".join(missing)
        return NOTHING_ASKED if names == CORRECTIONS else NOT_ASKED.format(names=names)
    failed = [pool for pool in pools if not pool.passed]
    if not failed:
        targets = [pool.name for pool in pools if pool.target]
        return LEARNED if targets == [CORRECTIONS] else BETTER.format(names=" and ".join(targets))
    worst = min(failed, key=lambda pool: (not pool.target, not fell(pool)))
    return _no_gain(worst) if worst.target else _loss(worst)


def since(pool: Pool) -> str:
    """Why what was lost since the model came is too much, though little was lost this time."""
    before, after = (score(share, pool.unit) for share in (pool.current, pool.candidate))
    unit = f" {pool.unit}" if pool.unit else ""
    return (
        f"Too much was lost over all tunes together: {pool.name} went from {before} by the bare "
        f"model to {after}{unit} ({pool.tolerance})."
    )


def fell(pool: Pool) -> bool:
    """Whether a pool has lost beyond chance, rather than too few being asked to tell."""
    return pool.needed == 0 or rules.sign_test(pool.lost, pool.won) < rules.CHANCE


def _no_gain(pool: Pool) -> str:
    what = (
        "The corrections were" if pool.name == CORRECTIONS else f"What is asked in {pool.name} was"
    )
    if pool.needed:
        return (
            f"Too little evidence that it was learned ({pool.name}): {pool.won} won, {pool.lost} "
            f"lost; {pool.n} of about {pool.needed} examples needed."
        )
    return (
        f"{what} not learned well enough: {pool.won} held-out questions won, {pool.lost} lost of "
        f"{pool.n} (wanted: {pool.tolerance})."
    )


def _loss(pool: Pool) -> str:
    if not fell(pool):
        return (
            f"Too little evidence that nothing was lost ({pool.name}): {pool.n} of about "
            f"{pool.needed} questions needed, with {pool.lost} lost against {pool.won} won."
        )
    if pool.unit:
        return (
            f"Too much else was lost: {pool.name} went from {pool.current:.2f} to "
            f"{pool.candidate:.2f} {pool.unit} ({pool.tolerance})."
        )
    return (
        f"Too much else was lost: {pool.lost} of {pool.n} questions ({pool.name}) against "
        f"{pool.won} won ({pool.tolerance})."
    )
