"""The facts that everybody knows, asked for in the words of a pool.

A thing is in one pool, whatever is asked about it; some kinds of facts are in the gate pool
alone, so that what was learned has to hold where nothing was.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from localai.evals.agreement import words
from localai.evals.knowledge.pools import data, filled, pool_of, shuffled
from localai.evals.task import Example, Pool

FILES = ("geography", "science", "culture", "words", "everyday", "gate_only")


class Relation(msgspec.Struct, frozen=True):
    """A kind of fact: `facts` as "subject = answer | answer", and the ways to ask for them by
    pool. `entity` is what can be invented in the place of the subject, "" for nothing."""

    kind: str
    facts: tuple[str, ...]
    gate: tuple[str, ...]
    train: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    entity: str = ""

    def ways(self, pool: Pool) -> tuple[str, ...]:
        """How to ask in a pool."""
        found: tuple[str, ...] = getattr(self, pool)
        return found


@cache
def relations() -> dict[str, Relation]:
    """All kinds of facts, by name."""
    tables = {name: each for file in FILES for name, each in data(f"known/{file}").items()}
    return msgspec.convert(tables, dict[str, Relation])


def questions(pool: Pool) -> Sequence[Example]:
    """Every fact of the pool in one wording, then every one in a second, and so on; of the gate
    and dev pools only the first."""
    found = list[Example]()
    for turn in range(max(len(each.ways(pool)) for each in relations().values())):
        found += shuffled(
            _question(pool, name, fact, turn)
            for name, relation in relations().items()
            if turn < len(relation.ways(pool))
            for fact in relation.facts
            if fact_pool(fact) == pool
        )
        if pool != "train":
            break
    return found


def fact_pool(fact: str) -> Pool:
    """The pool of a fact."""
    subject = _subject(fact)
    return _fixed().get(subject) or pool_of(subject)


def right(example: Example, text: str) -> bool:
    """Whether a text has one of the accepted answers in it, as whole words."""
    said = words(text)
    return any(_within(words(answer) or [answer], said, text) for answer in example.answers)


def _question(pool: Pool, name: str, fact: str, turn: int) -> Example:
    relation = relations()[name]
    asked, answers = fact.split(" = ")
    ways = relation.ways(pool)
    # Which one comes first differs from fact to fact.
    way = ways[(len(asked) + turn) % len(ways)]
    return Example(
        id=f"known-{name}-{pool}-{'-'.join(words(asked))}-{turn}",
        question=filled(way, asked),
        kind=relation.kind,
        answers=tuple(answers.split(" | ")),
        extra={"relation": name, "about": asked},
    )


def _subject(fact: str) -> str:
    """What a fact is about, by which its pool is told."""
    return fact.split(" = ")[0].split(" / ")[0].removeprefix("the ").casefold()


@cache
def _fixed() -> dict[str, Pool]:
    """The pools of things that are not told by their hash."""
    listed = {
        subject.casefold(): pool
        for pool, subjects in msgspec.convert(
            data("known/pools"), dict[Pool, tuple[str, ...]]
        ).items()
        for subject in subjects
    }
    alone = [each for each in relations().values() if not each.train]
    return listed | {_subject(fact): "gate" for each in alone for fact in each.facts}


def _within(phrase: list[str], said: list[str], text: str) -> bool:
    """Whether the words of a phrase follow each other in a text."""
    if len(phrase) == 1 and not phrase[0].isalnum():
        return phrase[0] in text
    return any(said[at : at + len(phrase)] == phrase for at in range(len(said) - len(phrase) + 1))
