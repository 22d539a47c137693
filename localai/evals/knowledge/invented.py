"""Questions about what is not there, in the words of questions about what is.

For every kind of fact about a person, a place, a book and so on, one that is invented stands in
the place of the known one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import cycle, islice

from localai.evals.agreement import words
from localai.evals.knowledge.facts import relations
from localai.evals.knowledge.names import name
from localai.evals.knowledge.pools import data, draw, filled
from localai.evals.task import Example, Pool


def questions(pool: Pool, n: int) -> Sequence[Example]:
    """So many of the pool, all kinds in turn."""
    asked = [each for each, of in relations().items() if of.entity and of.ways(pool)]
    found = dict[str, Example]()
    for at, relation in enumerate(islice(cycle(asked), 2 * n)):
        example = _question(pool, relation, at)
        found.setdefault(example.question, example)
    return list(found.values())[:n]


def entity(pool: Pool, kind: str, chance: random.Random) -> str:
    """Something that there is not."""
    listed = data("unknown/invented")
    made, other = name(pool, chance), name(pool, chance)
    chosen = {key: chance.choice(each) for key, each in listed["words"][pool].items()}
    form: str = chance.choice(listed[kind][pool])
    return form.format(n=made.capitalize(), m=other.capitalize(), lower=made, **chosen)


def _question(pool: Pool, relation: str, at: int) -> Example:
    chance = draw("invented", pool, relation, at)
    asked = relations()[relation]
    it = entity(pool, asked.entity, chance)
    return Example(
        id=f"invented-{relation}-{pool}-{'-'.join(words(it))}",
        question=filled(chance.choice(asked.ways(pool)), it),
        kind=f"invented {asked.kind}",
        unanswerable=True,
        extra={"relation": relation, "about": it, "premise": False},
    )
