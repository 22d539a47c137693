"""The facts that everybody knows, asked for in the words of a pool.

A thing is in one pool, whatever is asked about it; some kinds of facts are in the gate pool
alone, so that what was learned has to hold where nothing was.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from localai.evals.agreement import words
from localai.evals.knowledge.pools import data, draw, filled, pool_of, shuffled
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
    """Every fact of the pool, in one of its wordings."""
    return shuffled(
        _question(pool, name, fact)
        for name, relation in relations().items()
        if relation.ways(pool)
        for fact in relation.facts
        if fact_pool(fact) == pool
    )


def wordings(example: Example, pool: Pool) -> Sequence[str]:
    """The question in all words of the pool, as it is asked first."""
    ways = relations()[example.extra["relation"]].ways(pool)
    asked = dict.fromkeys(
        (example.question, *(filled(way, example.extra["about"]) for way in ways))
    )
    return tuple(asked)


def fact_pool(fact: str) -> Pool:
    """The pool of a fact."""
    subject = _subject(fact)
    return _fixed().get(subject) or pool_of(subject)


def right(example: Example, text: str) -> bool:
    """Whether a text has one of the accepted answers in it, as whole words; in the plural, too,
    unless the question has the word itself."""
    return any(_says(text, answer, example.question) for answer in example.answers)


def _says(text: str, answer: str, question: str) -> bool:
    """Whether an answer that is given to a question is in a text."""
    phrase, said = words(answer), words(text)
    if _within(phrase, said):
        return True
    single = [_singular(word) for word in phrase]
    asked = {_singular(word) for word in words(question)}
    return not asked & set(single) and _within(single, [_singular(word) for word in said])


def _question(pool: Pool, name: str, fact: str) -> Example:
    relation = relations()[name]
    asked, answers = fact.split(" = ")
    way = draw(pool, name, asked).choice(relation.ways(pool))
    return Example(
        id=f"known-{name}-{pool}-{'-'.join(words(asked))}",
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


def _within(phrase: list[str], said: list[str]) -> bool:
    """Whether the words of a phrase follow each other in a text."""
    return any(said[at : at + len(phrase)] == phrase for at in range(len(said)))


def _singular(word: str) -> str:
    """A word without the s of the plural; short ones stay."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
