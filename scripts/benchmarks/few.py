"""What a few corrections cost of everything else: a tune on `rounds` facts of the tour.

They are learned as examples of the user's own, under the product's own settings; variables like
LOCALAI_TUNE__REPLAY try others. The rows are the gate's pools, before (as the peer) and after, then
questions that are written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scripts.benchmarks.rows import Row, share
from scripts.benchmarks.school import school
from scripts.touring.app import right
from scripts.touring.facts import FACTS


def rows(model: str, rounds: int) -> Iterator[list[Row]]:
    """The tune with the gate's verdict, then the questions."""
    facts = FACTS[:rounds]
    with school(model) as pupil:
        done = pupil.teach("", [(fact.question, fact.answer) for fact in facts])
        (run,) = pupil.store.runs()
        yield [
            Row(f"the gate lets it in: {done.reason}", float(done.passed), "yes or no"),
            Row("the whole tune", done.seconds / 60, "minutes"),
            Row("steps", len(pupil.store.metrics(run.id)), "steps"),
            *(_pool(pool) for pool in (run.verdict or {})["pools"]),
        ]
        asked = [(fact, question) for fact in facts for question in fact.held_out]
        said = pupil.answers([question for _, question in asked], done.adapter)
        told = [right(fact, text) for (fact, _), text in zip(asked, said, strict=True)]
        yield [share("questions written by hand", told)]


def _pool(pool: dict[str, Any]) -> Row:
    return Row(
        f"{pool['name']} ({pool['won']} won, {pool['lost']} lost)",
        pool["candidate"],
        pool["unit"] or "share",
        peer=pool["current"],
        n=pool["n"],
    )
