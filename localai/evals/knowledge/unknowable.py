"""Questions that nobody can answer who was told nothing more: about the future, about the user's
own life, about something that is not named, and about what never was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from localai.evals.agreement import words
from localai.evals.knowledge.pools import data, shuffled
from localai.evals.task import Example, Pool

KINDS = ("future", "private", "underspecified", "premise")

_SLOT = re.compile(r"{(\w+)}")


def questions(pool: Pool, kind: str) -> Sequence[Example]:
    """All of a kind in the pool: every wording once, then every wording once more, and so on."""
    ways = [shuffled(_filled(pool, kind, way)) for way in _of(kind)[pool]]
    found = list[Example]()
    for turn in range(max(map(len, ways))):
        found += shuffled(way[turn] for way in ways if turn < len(way))
    return found


def _of(kind: str) -> dict[str, list[str]]:
    """The ways to ask, by pool."""
    found: dict[str, list[str]] = data("unknown/unknowable")[kind]
    return found


def _filled(pool: Pool, kind: str, way: str) -> list[Example]:
    """A way to ask with all that can stand in its slots."""
    listed: dict[str, list[str]] = data("unknown/unknowable")["words"][pool]
    slots = _SLOT.findall(way)
    asked = [
        way.format(**dict(zip(slots, each, strict=True)))
        for each in product(*(listed[slot] for slot in slots))
    ]
    return [
        Example(
            id=f"{kind}-{pool}-{'-'.join(words(each))}",
            question=each,
            kind=kind,
            unanswerable=True,
            extra={"premise": kind == "premise", "way": way},
        )
        for each in asked
    ]
