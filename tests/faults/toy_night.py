"""A whole night of a tiny model, in a process of its own: rounds of rejection sampling over toy
problems, real training, the real gate. `python -m tests.faults.toy_night`,
with the model in LOCALAI_MODEL.

A model of random weights cannot add, so an answer's hash says whether it is right.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from localai import config
from localai.catalog import Catalog
from localai.evals.task import Answer, Example, Place, Pool, Scores
from localai.store.store import Store
from localai.tune import rounds
from localai.tune.job import Job
from localai.tune.rounds import Rounds, Ways

rounds.PROBLEMS, rounds.DEV, rounds.MOST_ROUNDS, rounds.PATIENCE = 4, 12, 2, 2

COUNT, HOUR = 60, 3600.0
MANNER = replace(rounds.MANNER, max_tokens=24)


def problems(place: Place, pool: Pool) -> Sequence[Example]:
    """Of two kinds, in every pool others."""
    return [
        Example(id=f"{pool}-{kind}-{at}", question=f"{kind} {pool} {at}?", kind=kind, level=1)
        for kind in ("Odd", "Even")
        for at in range(COUNT)
    ]


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """Whether the hash of the answer is even."""
    right = [sha256(each.raw.encode()).digest()[0] % 2 == 0 for each in answers]
    return {"right": sum(right) / len(right)}


TASK = replace(rounds.TASK, examples=problems, score=score, ask=None)


class Toy(Job):
    """A tune with toy problems."""

    def _rounds(self, ways: Ways) -> Rounds:
        assert self._run is not None
        earlier = self._run.plan["earlier"]
        return Rounds(self._store, self._run.id, self._report, ways, earlier, TASK, MANNER)


def main() -> int:
    """One night; 0 unless it failed."""
    settings = config.load()
    with Store.open() as store:
        entry = Catalog().resolve(settings.model)
        run = Toy(store, settings, entry, lambda progress: None, seconds=HOUR, rl=True).run()
    return 0 if run.state in ("promoted", "rejected") else 1


if __name__ == "__main__":
    sys.exit(main())
